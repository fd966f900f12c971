# SPDX-License-Identifier: Apache-2.0
import random

import kill_loop
import pytest


@pytest.mark.parametrize("kills,state", [(200, ""), (60, kill_loop.IN_KAFKA)],
                         ids=["own", "kafka"])
def test_kills_at_random_lose_nothing_and_double_nothing(
        servers, tmp_path, kills, state):
    seed = random.randrange(10**6)
    loop = kill_loop.KillLoop(servers.kafka("3.9.1"),
                              kill_loop.RtDesk(servers.rt), servers.mail,
                              tmp_path, seed, state)
    try:
        loop.run(kills)
        found = loop.faults(kills)
        print("seed %d: %s" % (seed, loop.summary))
        assert not found, "--seed %d: %s" % (seed, found)
        # Else the kills have not met what they are for.
        assert loop.in_flight >= kills // 20, loop.summary
        assert loop.daemon.stop() == 0
    finally:
        loop.daemon.close()

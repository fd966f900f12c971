# SPDX-License-Identifier: Apache-2.0
import random

import kill_loop


def test_kills_at_random_lose_nothing_and_double_nothing(servers, tmp_path):
    seed = random.randrange(10**6)
    loop = kill_loop.KillLoop(servers.kafka("3.9.1"), servers.rt, servers.mail,
                              tmp_path, seed)
    try:
        loop.run(200)
        found = loop.faults(200)
        print("seed %d: %s" % (seed, loop.summary))
        assert not found, "--seed %d: %s" % (seed, found)
        # Else the kills have not met what they are for.
        assert loop.in_flight >= 10, loop.summary
        assert loop.daemon.stop() == 0
    finally:
        loop.daemon.close()

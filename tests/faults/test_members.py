# SPDX-License-Identifier: Apache-2.0
import random

import members
import pytest


@pytest.mark.parametrize("version", ["4.1.0"])
def test_members_come_and_go_at_20000_events_a_second(
        servers, start, tmp_path, version):
    seed = random.randrange(10**6)
    group = members.Members(servers, start, tmp_path, version, rate=20000,
                            seconds=600, seed=seed)
    try:
        group.go_through([group.kill, group.pause, group.restart])
        group.stream.come_to_its_end()
        group.await_end()
    finally:
        group.stream.close()
    print("seed %d: %s" % (seed, group.summary))
    assert group.faults() == [], "--seed %d" % seed
    # Else they have not met what they are for.
    assert len(group.done) == 3, group.done

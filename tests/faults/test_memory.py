# SPDX-License-Identifier: Apache-2.0
"""There is no memory left."""
import json
import re
import resource
from datetime import timedelta

import configs
from harness import eventually, now, track

CUSTOMERS = 30000


def test_without_memory_it_ends_with_a_word_and_goes_on_later(start, tmp_path):
    (tmp_path / "rules.yaml").write_text(configs.FAILURES)
    begin = now() - timedelta(hours=1)

    def fails(number, second):
        return json.dumps(track("u-%05d" % number, "action_failed",
                                at=begin + timedelta(seconds=second))) + "\n"
    with open(tmp_path / "events.jsonl", "w") as events:
        # As it was recorded: all come four seconds after the first.
        events.write(fails(0, 0))
        events.writelines(fails(number, 4) for number in range(CUSTOMERS))
        events.writelines(fails(number, 5)
                          for number in range(0, CUSTOMERS, 1000)
                          for _ in range(2))
    daemon = start("sources:\n  - file: {path: events.jsonl, speed: 1x}\n"
                   "    format: segment\ncustomer: user\nstate: {dir: state}\n"
                   + configs.rules("rules.yaml") + configs.FILE_DESK
                   + configs.SENDER + configs.QUICK)
    status = open("/proc/%d/status" % daemon.process.pid).read()
    data = int(re.search(r"VmData:\s+(\d+) kB", status)[1]) << 10
    resource.prlimit(daemon.process.pid, resource.RLIMIT_DATA,
                     (data + (6 << 20), resource.RLIM_INFINITY))
    eventually(lambda: daemon.process.poll() is not None, "it ends", 60)
    assert daemon.process.returncode == 75, daemon.log()[-2000:]
    assert "premura: there is no memory left" in daemon.log()
    daemon.start()
    eventually(lambda: len(configs.file_tickets(daemon)) >= 30, "all of them",
               60)
    assert len(configs.file_tickets(daemon)) == 30
    assert daemon.stop() == 0

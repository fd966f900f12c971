# SPDX-License-Identifier: Apache-2.0
"""Three brokers are restarted one after the other, in order and not, while
customers are failing."""
import re
import signal
import uuid

import configs
from harness import eventually, track


def test_a_rolling_restart_of_three_brokers(servers, start, tmp_path):
    kafka = servers.kafka_cluster
    topic = kafka.create_topic("rolling-" + uuid.uuid4().hex[:8], copies=3)
    (tmp_path / "rules.yaml").write_text(configs.FAILURES)
    daemon = start(configs.kafka_source(kafka, topic, "g-" + topic)
                   + "state: {dir: state, checkpoint_every: 100ms}\n"
                   + configs.rules("rules.yaml")
                   + configs.FILE_DESK + configs.SENDER + configs.QUICK)
    users = ["u-%04d" % number for number in range(400)]

    def fail(some):
        kafka.produce(topic, [track(user, "action_failed", action="Import")
                              for user in some])
    # Each fails before, between and after restarts.
    fail(users)
    for how, port in zip((signal.SIGTERM, signal.SIGKILL, signal.SIGTERM),
                         kafka.ports):
        kafka.restart(port, how)
        if how == signal.SIGKILL:
            fail(users[:100])
    fail(users)
    fail(users[100:])

    def customers():
        return sorted(re.search(r"u-\d+", text)[0]
                      for text in configs.file_tickets(daemon))
    eventually(lambda: len(customers()) >= len(users), "all tickets", 120)
    assert customers() == users
    eventually(lambda: daemon.get("/readyz")[0] == 200, "ready", 60)
    assert daemon.stop() == 0

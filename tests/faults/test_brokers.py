# SPDX-License-Identifier: Apache-2.0
"""Three brokers are restarted one after the other, in order and not, while
customers are failing. Two groups read of it: one keeps its state on its disk,
one in Kafka, over the same brokers."""
import re
import signal
import uuid

import configs
from harness import eventually, track


def customers(daemon):
    return sorted(re.search(r"u-\d+", text)[0]
                  for text in configs.file_tickets(daemon))


def test_a_rolling_restart_of_three_brokers(servers, start, tmp_path):
    kafka = servers.kafka_cluster
    topic = kafka.create_topic("rolling-" + uuid.uuid4().hex[:8], copies=3)
    (tmp_path / "rules.yaml").write_text(configs.FAILURES)
    daemons = [
        start(configs.kafka_source(kafka, topic, "g-%s-%s" % (name, topic))
              + "state: {dir: state, checkpoint_every: 100ms%s}\n" % more
              + configs.rules("../rules.yaml")
              + configs.FILE_DESK + configs.SENDER + configs.QUICK,
              tmp_path / name)
        for name, more in (("disk", ""), ("kafka", ", kafka: {}"))]
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
    for daemon in daemons:
        eventually(lambda: len(customers(daemon)) >= len(users), "all tickets",
                   120)
        assert customers(daemon) == users
        eventually(lambda: daemon.get("/readyz")[0] == 200, "ready", 60)
        assert daemon.metric("premura_state_lost_total") == 0
        assert daemon.stop() == 0

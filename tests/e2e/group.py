# SPDX-License-Identifier: Apache-2.0
"""Instances whose state moves with their partitions, for tests."""
import time
import uuid

import configs
from harness import eventually, track
from test_shared_ledger import customers

PARTITIONS = 6


class Group:
    """Instances that share a topic, a changelog and a ledger."""

    def __init__(self, servers, start, tmp_path, version, rules=None):
        self.kafka, self.server = servers.kafka(version), servers.postgresql
        self.start_daemon, self.folder = start, tmp_path
        self.topic = self.kafka.create_topic(
            "moving-" + uuid.uuid4().hex[:8], partitions=PARTITIONS)
        self.schema = "moving_" + uuid.uuid4().hex[:8]
        self.ledger = configs.postgresql_ledger(self.server, self.schema)
        self.rules = rules or configs.FAILURES
        self.desk, self.every = configs.FILE_DESK, "500ms"
        self.members = {}

    def join(self, name):
        folder = self.folder / name
        folder.mkdir()
        (folder / "rules.yaml").write_text(self.rules)
        source = configs.kafka_source(self.kafka, self.topic,
                                      "g-" + self.topic)
        self.members[name] = self.start_daemon(
            source.replace("instance_id: e2e", "instance_id: " + name)
            + "state: {dir: state, checkpoint_every: %s, kafka: {}}\n"
            % self.every
            + configs.rules("rules.yaml") + self.ledger
            + self.desk + configs.SENDER + configs.QUICK, folder)
        return self.members[name]

    def produce(self, events):
        self.kafka.produce(self.topic, events)

    def served(self):
        """How many partitions are read, by those that answer."""
        return sum(int(member.metric("premura_source_partitions") or 0)
                   - int(member.metric("premura_restore_waiting") or 0)
                   for member in self.members.values())

    def await_served(self, seconds=60):
        begun = time.monotonic()
        eventually(lambda: self.served() == PARTITIONS, "all served", seconds)
        took = time.monotonic() - begun
        print("all served after %.1f s" % took)
        return took

    def await_commits(self):
        """Two by each: the second began after this did."""
        before = {name: it.metric("premura_commits_total")
                  for name, it in self.members.items()}
        eventually(lambda: all(
            it.metric("premura_commits_total") >= before[name] + 2
            for name, it in self.members.items()), "checkpoints", 60)

    def tickets(self):
        return sorted(user for member in self.members.values()
                      for user in customers(member))

    def await_tickets(self, users, seconds=60):
        eventually(lambda: len(self.tickets()) >= len(users), "all tickets",
                   seconds)
        assert self.tickets() == sorted(users)

    def await_read(self, count, seconds=60):
        """The group's committed positions, all together."""
        def committed():
            return sum(
                int(member.metric("premura_records_total") or 0)
                for member in self.members.values())
        eventually(lambda: committed() >= count, "%d read" % count, seconds)


def fails(users, times=1):
    return [track(user, "action_failed", action="Import")
            for _ in range(times) for user in users]

# SPDX-License-Identifier: Apache-2.0
"""State that moves with partitions: three instances, one ledger, brokers of
both generations. What they do together is what one would have done."""
import os
import signal
import time
import uuid

import configs
import pytest
from harness import eventually, track
from test_shared_ledger import customers, new_users

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
        self.members = {}

    def join(self, name):
        folder = self.folder / name
        folder.mkdir()
        (folder / "rules.yaml").write_text(self.rules)
        source = configs.kafka_source(self.kafka, self.topic,
                                      "g-" + self.topic)
        self.members[name] = self.start_daemon(
            source.replace("instance_id: e2e", "instance_id: " + name)
            + "state: {dir: state, checkpoint_every: 500ms, kafka: {}}\n"
            + configs.rules("rules.yaml") + self.ledger
            + configs.FILE_DESK + configs.SENDER + configs.QUICK, folder)
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
        return time.monotonic() - begun

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


@pytest.mark.parametrize("version", ["3.9.1", "4.1.0"])
def test_windows_move_with_their_partitions(servers, start, tmp_path, version):
    group = Group(servers, start, tmp_path, version)
    first = group.join("first")
    group.await_served()
    users = new_users(60)
    # One of three, seen by the first alone.
    group.produce(fails(users))
    group.await_read(60)
    group.join("second")
    group.join("third")
    group.await_served()
    eventually(lambda: all(
        (it.metric("premura_source_partitions") or 0) == 2
        for it in group.members.values()), "each has its share", 60)
    # Two of three; then one of them dies, and all must be in the changelog.
    group.produce(fails(users))
    group.await_read(120)
    eventually(lambda: all(
        (it.metric("premura_checkpoint_age_seconds") or 9) < 0.5
        for it in group.members.values()), "a checkpoint", 20)
    assert group.tickets() == []
    first.kill()
    gone = group.members.pop("first")
    took = group.await_served()
    assert took < 30, "served again after %.1f s" % took
    # The third completes it, wherever the customer is by now.
    group.produce(fails(users))
    group.await_tickets(users)
    # It comes back, and nothing is told again.
    gone.start()
    group.members["first"] = gone
    group.await_served()
    more = new_users(30)
    group.produce(fails(more, 3))
    group.await_tickets(users + more)
    for member in group.members.values():
        assert (member.metric("premura_state_lost_total") or 0) == 0
        assert (member.metric("premura_torn") or 0) == 0
        assert member.stop() == 0


def test_one_that_slept_beyond_its_session_is_fenced(servers, start, tmp_path):
    group = Group(servers, start, tmp_path, "3.9.1")
    sleeper = group.join("first")
    group.join("second")
    group.await_served()
    users = new_users(60)
    group.produce(fails(users, 2))
    group.await_read(120)
    sleeper.process.send_signal(signal.SIGSTOP)
    del group.members["first"]
    try:
        group.await_served()
        group.produce(fails(users))
        eventually(lambda: group.server.query(
            "select count(*) from detections", group.schema) == [["60"]],
            "all found", 60)
    finally:
        sleeper.process.send_signal(signal.SIGCONT)
    group.members["first"] = sleeper
    more = new_users(40)

    def lives():
        return sleeper.process.poll() is None
    # It notices, drops what it had, and joins again or ends to be started.
    eventually(lambda: not lives() or group.served() == PARTITIONS,
               "it is back or gone", 60)
    if not lives():
        sleeper.start()
    group.await_served()
    group.produce(fails(more, 3))
    group.await_tickets(users + more, 90)
    assert group.server.query("select count(*) from detections",
                              group.schema) == [["100"]]

# SPDX-License-Identifier: Apache-2.0
"""State that moves with partitions: three instances, one ledger, brokers of
both generations. What they do together is what one would have done."""
import random
import re
import signal
import threading
import types

import configs
import pytest
from group import PARTITIONS, Group, fails
from harness import Kafka, eventually, track
from test_shared_ledger import new_users


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
    group.await_commits()
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


def test_a_changelog_that_is_deleted_is_said_and_made_up_for(
        servers, start, tmp_path):
    group = Group(servers, start, tmp_path, "4.1.0")
    only = group.join("only")
    group.await_served()
    users = new_users(30)
    group.produce(fails(users, 2))
    group.await_read(60)
    group.await_commits()
    group.kafka.delete_topic("g-%s-state" % group.topic)
    others = [track(user, "searched") for user in new_users(10)]

    def has_ended():
        group.produce(others)
        return only.process.poll() is not None
    eventually(has_ended, "it ends, to be started again", 200)
    assert only.process.returncode == 1
    assert "the changelog topic is gone" in only.log()
    only.start()
    eventually(lambda: only.metric("premura_state_lost_total") == PARTITIONS,
               "of each partition it is said", 60)
    assert "the changelog does not know it, so that" in only.log()
    group.produce(fails(users))
    group.await_tickets(users)
    assert only.stop() == 0
    # Nor is a ledger taken that knows nothing of who was contacted.
    other = group.schema + "_2"
    only.config.write_text(only.config.read_text().replace(
        group.ledger, configs.postgresql_ledger(group.server, other)))
    only.start(ready=False)
    assert only.process.wait(60) == 1
    assert "what is in `state.dir` is not" in only.log()


def test_a_changelog_that_is_made_anew_meanwhile_is_said_and_made_up_for(
        servers, start, tmp_path):
    group = Group(servers, start, tmp_path, "4.1.0")
    only = group.join("only")
    group.await_served()
    users = new_users(30)
    others = [track(user, "searched") for user in new_users(100)]
    group.produce(fails(users, 2))
    group.await_read(60)
    # So many that what is new is not soon as long as what there was.
    for _ in range(12):
        group.produce(others)
        group.await_commits()
    changelog = "g-%s-state" % group.topic
    group.kafka.delete_topic(changelog)
    group.kafka.create_topic(changelog, partitions=PARTITIONS,
                             cleanup_policy="compact")

    def is_said():
        group.produce(others)
        return only.metric("premura_state_lost_total") == PARTITIONS
    eventually(is_said, "of each partition it is said", 120)
    assert "the changelog was made anew while premura ran" in only.log()
    group.produce(fails(users))
    group.await_tickets(users)
    assert only.stop() == 0


class Load:
    """Customers who fail three times, among many who do not, for as long as a
    test does other things."""

    def __init__(self, group):
        self.group, self.users = group, new_users(80)
        self.stopped = threading.Event()
        self.produced = 0
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        others = new_users(1000)
        for number in range(3 * len(self.users)):
            user = self.users[number % len(self.users)]
            events = fails([user]) + [
                track(random.choice(others), "searched") for _ in range(100)]
            self.group.produce(events)
            self.produced += len(events)
            if self.stopped.is_set():
                break

    def await_share(self, share):
        eventually(lambda: self.produced >= share * 101 * 3 * len(self.users),
                   "%d %% is produced" % (100 * share), 180)

    def close(self):
        self.stopped.set()
        self.thread.join()


def test_members_come_and_go_under_load_and_a_real_desk_has_one_ticket_each(
        servers, start, tmp_path):
    group = Group(servers, start, tmp_path, "4.1.0")
    desk = configs.rt_desk(servers.rt)
    group.desk = desk
    for name in ("first", "second", "third"):
        group.join(name)
    group.await_served()
    load = Load(group)
    try:
        load.await_share(0.2)
        killed = group.members.pop("first")
        killed.kill()
        took = group.await_served()
        assert took < 30, "served again after %.1f s" % took
        group.join("fourth")
        load.await_share(0.5)
        killed.start()
        group.members["first"] = killed
        load.await_share(0.7)
        # A restart within the session moves nothing.
        second = group.members["second"]
        assert second.stop() == 0
        second.start()
        load.await_share(1)
    finally:
        load.close()
    group.await_served()
    eventually(lambda: group.server.query(
        "select count(*) from deliveries where state = 'sent'",
        group.schema) == [[str(len(load.users))]], "all sent", 180)
    tag = load.users[0].rsplit("-", 1)[0]
    subjects = servers.rt.subjects("Subject LIKE '%s'" % tag)
    assert sorted(re.search(r"u-\w+-\d+", subject)[0]
                  for subject in subjects) == load.users
    assert group.server.query(
        "select count(*) from detections", group.schema) == [
            [str(len(load.users))]]


def test_a_broker_that_makes_topics_by_itself_makes_no_changelog(
        servers, start, tmp_path):
    """Kafka's default. One that it made would have the wrong settings."""
    kafka = Kafka(tmp_path / "kafka", "4.1.0", {"KAFKA_AUTO_CREATE": "true"})
    group = Group(types.SimpleNamespace(
        kafka=lambda version: kafka, postgresql=servers.postgresql),
        start, tmp_path, "4.1.0")
    try:
        group.join("only")
        group.await_served()
        users = new_users(12)
        group.produce(fails(users, 3))
        group.await_tickets(users)
    finally:
        for member in group.members.values():
            member.close()
        kafka.close()

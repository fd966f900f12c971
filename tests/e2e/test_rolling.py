# SPDX-License-Identifier: Apache-2.0
"""A group that runs: another version and other rules, one instance after the
other, and what customers receive does not change by it.

PREMURA_OLD_BINARY: the version from which is upgraded; without it the same one,
which makes a restart of all of it."""
import json
import os
import pathlib
import re
import uuid

import configs
import harness
import pytest
from harness import eventually, track

OLD = pathlib.Path(os.environ.get("PREMURA_OLD_BINARY", harness.PREMURA))

NEW_RULE = """
  - id: gives-up
    title: Gives up
    level: high
    detect:
      event_count: {event: gave_up, gte: 1, within: 10m}
    actions:
      - ticket: {template: repeated-failure-help, delay: 2s}
"""

# Such as every version knows.
TEMPLATE = """ticket:
  subject: "{{customer.id}}"
  text: |
    Who: {{customer.id}}
"""


class Member:
    """An instance, and the events that it reads."""

    def __init__(self, start, folder, ledger, binary):
        folder.mkdir()
        self.rules = folder / "rules.yaml"
        self.rules.write_text(configs.FAILURES)
        templates = folder / "templates"
        templates.mkdir()
        (templates / "repeated-failure-help.en.yaml").write_text(TEMPLATE)
        os.mkfifo(folder / "events.jsonl")
        self.events = open(folder / "events.jsonl", "r+b", buffering=0)
        self.daemon = start(
            "sources: [{file: {path: events.jsonl}, format: segment}]\n"
            "customer: user\nstate: {dir: state}\n"
            + "rules: [rules.yaml]\ntemplates: [templates]\n" + ledger + configs.FILE_DESK
            + configs.SENDER + configs.QUICK, folder, binary=binary)

    def feed(self, *events):
        self.events.write(b"".join(
            json.dumps(event).encode() + b"\n" for event in events))

    def fail(self, users):
        self.feed(*(track(user, "action_failed", action="Import")
                    for user in users for _ in range(3)))

    def take_over(self, rules, what):
        """The rules, and an event after it: what a source was waiting for when
        they changed still met the old ones."""
        self.rules.write_text(rules)
        eventually(lambda: what in self.daemon.log(), what)
        before = self.daemon.metric("premura_events_total")
        self.feed(track("u-nobody", "signed_in"))
        eventually(lambda: self.daemon.metric("premura_events_total") > before,
                   "an event is read")

    def name(self):
        return (self.daemon.folder / "state/lock").read_text().strip()

    def upgrade(self):
        assert self.daemon.stop() == 0
        self.daemon.binary = harness.PREMURA
        self.daemon.start()


@pytest.fixture
def group(servers, start, tmp_path):
    schema = "rolling_" + uuid.uuid4().hex[:8]
    ledger = configs.postgresql_ledger(servers.postgresql, schema)
    members = []

    def make(binary=None):
        for name in ("first", "second"):
            members.append(Member(start, tmp_path / name, ledger, binary))
        return (*members, lambda sql: servers.postgresql.query(sql, schema))

    yield make
    for member in members:
        member.events.close()


def users(count):
    tag = uuid.uuid4().hex[:6]
    return ["u-%s-%02d" % (tag, number) for number in range(count)]


def customers(*members):
    """Whom the tickets of all are about, one entry per ticket."""
    return sorted(re.search(r"u-\w+-\d+", text)[0] for member in members
                  for text in configs.file_tickets(member.daemon))


def test_an_upgrade_one_after_the_other_changes_nothing_for_customers(group):
    first, second, query = group(OLD)
    told = users(4)
    first.fail(told[:2])
    second.fail(told[2:])
    eventually(lambda: customers(first, second) == told, "the first tickets")

    # What waits meanwhile goes on waiting, whoever decided it.
    first.daemon.command("stop-all", "on")
    eventually(lambda: first.daemon.metric("premura_stop_all") == 1
               and second.daemon.metric("premura_stop_all") == 1, "stopped")
    waiting = users(12)

    def held(count):
        eventually(lambda: query(
            "select count(*) from deliveries where state = 'held'")
            == [[str(count)]], "%d wait" % count)
    first.fail(waiting[:2])
    second.fail(waiting[2:4])
    held(4)
    second.upgrade()
    second.fail(waiting[4:6])
    first.fail(waiting[6:8])  # The old one runs beside the new one.
    held(8)
    first.upgrade()
    first.fail(waiting[8:10])
    second.fail(waiting[10:])
    held(12)
    second.daemon.command("stop-all", "off")
    everybody = sorted(told + waiting)
    eventually(lambda: len(customers(first, second)) >= 16, "all tickets")
    eventually(lambda: query(
        "select state, count(*) from deliveries group by 1")
        == [["sent", "16"]], "all is known as sent")
    assert customers(first, second) == everybody
    for member in (first, second):
        assert member.daemon.stop() == 0


def test_a_rule_that_only_one_has_yet_is_left_to_it_by_the_other(group):
    first, second, query = group()
    first.take_over(configs.FAILURES + NEW_RULE, "added: gives-up")
    found = users(20)
    first.feed(*(track(user, "gave_up") for user in found))
    eventually(lambda: len(customers(first, second)) >= 20, "all tickets")
    assert customers(first) == found, "of the one that has the rule"
    eventually(lambda: query(
        "select state, reason, owner, count(*) from deliveries group by 1, 2, 3"
    ) == [["sent", "delivered", first.name(), "20"]], "none is suppressed")

    second.take_over(configs.FAILURES + NEW_RULE, "added: gives-up")
    more = users(20)
    first.feed(*(track(user, "gave_up") for user in more[:10]))
    second.feed(*(track(user, "gave_up") for user in more[10:]))
    eventually(lambda: customers(first, second) == sorted(found + more),
               "all tickets, by whoever")
    for member in (first, second):
        assert member.daemon.stop() == 0

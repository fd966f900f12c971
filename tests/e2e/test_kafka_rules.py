# SPDX-License-Identifier: Apache-2.0
"""Rules of a group that runs, with its state in Kafka: three instances get a new
rule and a changed one, one after the other, while partitions move between who
has them and who has not."""
from harness import eventually, track

import configs
from group import PARTITIONS, Group, fails
from test_shared_ledger import new_users

REOPENS = """
  - id: reopens
    title: Opens again what was solved
    level: high
    detect:
      event_count: {event: reopened, gte: %d, within: 10m}
    cooldown: 1d
    actions:
      - ticket: {template: repeated-failure-help}
"""
GIVES_UP = """
  - id: gives-up
    title: Gives up
    level: high
    detect:
      event_count: {event: gave_up, gte: 2, within: 10m}
    cooldown: 1d
    actions:
      - ticket: {template: repeated-failure-help}
"""
OLD = configs.FAILURES + REOPENS % 2
NEW = configs.FAILURES + REOPENS % 3 + GIVES_UP


class RuledGroup(Group):
    """What it has produced it waits for: rules change between, not in the
    middle."""

    def produce(self, events):
        before = self.read()
        super().produce(events)
        eventually(lambda: self.read() >= before + len(events), "all read", 60)

    def read(self):
        return sum(int(it.metric("premura_records_total") or 0)
                   for it in self.members.values())

    def take_over(self, name, rules):
        member = self.members[name]
        (member.folder / "rules.yaml").write_text(rules)
        eventually(lambda: "added: gives-up" in member.log(), "taken over")

    def of(self, users):
        """How many tickets each has, of those that have any."""
        tickets = [user for user in self.tickets() if user in users]
        return {user: tickets.count(user) for user in tickets}

    def await_one_each(self, users):
        eventually(lambda: len(self.of(users)) == len(users), "all tickets", 60)
        assert set(self.of(users).values()) == {1}


def does(users, event, times=1):
    return [track(user, event) for _ in range(times) for user in users]


def test_a_new_rule_and_a_changed_one_cost_the_others_nothing(
        servers, start, tmp_path):
    group = RuledGroup(servers, start, tmp_path, "4.1.0", OLD)
    for name in ("first", "second", "third"):
        group.join(name)
    group.await_served()
    eventually(lambda: all(
        (it.metric("premura_source_partitions") or 0) == 2
        for it in group.members.values()), "each has its share", 60)
    failing, told, half, quitting = (new_users(40) for _ in range(4))
    group.produce(fails(failing))
    group.produce(does(told, "reopened", 2) + does(half, "reopened"))
    group.await_one_each(told)
    group.await_commits()

    # One has them. The others go on as before, and leave alone what it decides.
    group.take_over("first", NEW)
    group.produce(fails(failing) + does(quitting, "gave_up"))
    group.await_commits()
    # Partitions move from who has not to who has, and back again.
    gone = group.members.pop("second")
    gone.kill()
    group.await_served()
    eventually(lambda: (group.members["first"].metric(
        "premura_source_partitions") or 0) == PARTITIONS // 2, "its share", 60)
    group.await_commits()
    gone.start()
    group.members["second"] = gone
    group.await_served()
    # The rule that nobody has touched has lost nothing.
    assert group.of(failing) == {}
    group.produce(fails(failing))
    group.await_one_each(failing)

    for name in ("second", "third"):
        group.take_over(name, NEW)
    # A changed rule begins anew: two more are not three.
    seen = new_users(20)
    group.produce(does(half, "reopened", 2) + does(quitting, "gave_up"))
    group.produce(does(seen, "gave_up", 2))
    group.await_one_each(seen)
    assert group.of(half) == {}
    group.produce(does(half + told, "reopened", 3)
                  + does(quitting, "gave_up"))
    group.await_one_each(half)
    group.await_one_each(quitting)
    last = new_users(20)
    group.produce(fails(last, 3))
    group.await_one_each(last)
    # Who was told by the rule as it was is in its cooldown.
    group.await_one_each(told)
    for member in group.members.values():
        assert (member.metric("premura_state_lost_total") or 0) == 0
        assert member.stop() == 0

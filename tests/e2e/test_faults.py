# SPDX-License-Identifier: Apache-2.0
"""Brokers and daemons that die in the middle: nothing lost, nothing twice."""
import json
import os
import re
import resource
import uuid

import configs
import harness
from harness import eventually, track


def failing(users):
    return [track(user, "action_failed", action="Import")
            for user in users for _ in range(3)]


def new_users(count):
    tag = uuid.uuid4().hex[:6]
    return ["u-%s-%03d" % (tag, number) for number in range(count)]


def customers(daemon):
    """Whom the file desk's tickets are about, one entry per ticket."""
    return sorted(re.search(r"u-\w+-\d+", text)[0]
                  for text in configs.file_tickets(daemon))


def test_a_broker_dies_and_comes_back(servers, start, tmp_path):
    kafka = servers.kafka("3.9.1")
    topic = kafka.create_topic("crash-" + uuid.uuid4().hex[:8])
    (tmp_path / "rules.yaml").write_text(configs.FAILURES)
    daemon = start(configs.kafka_source(kafka, topic, "g-" + topic)
                   + "state: {dir: state}\n" + configs.rules("rules.yaml")
                   + configs.FILE_DESK + configs.SENDER + configs.QUICK)
    users = new_users(60)
    events = failing(users)
    # The first half ends in the middle of a customer.
    kafka.produce(topic, events[:91])
    eventually(lambda: len(customers(daemon)) >= 10, "the first tickets", 60)

    kafka.kill()
    eventually(lambda: daemon.get("/readyz")[0] == 503,
               "not ready without any broker", 60)
    kafka.start()
    kafka.produce(topic, events[91:])

    eventually(lambda: len(customers(daemon)) >= len(users), "all tickets", 120)
    assert customers(daemon) == users
    eventually(lambda: daemon.get("/readyz")[0] == 200, "ready again", 60)
    assert daemon.stop() == 0


def unsettled(daemon):
    return sum(daemon.metric("premura_deliveries", state=state) or 0
               for state in ("pending", "sending", "retry", "unknown"))


def test_a_daemon_killed_in_the_middle_of_sends_opens_no_second_ticket(
        servers, start, tmp_path):
    kafka, rt = servers.kafka("3.9.1"), servers.rt
    topic = kafka.create_topic("kill-" + uuid.uuid4().hex[:8])
    users = new_users(20)
    (tmp_path / "rules.yaml").write_text(configs.FAILURES)
    (tmp_path / "customers.csv").write_text("customer,email\n" + "".join(
        "%s,%s@acme.example\n" % (user, user) for user in users))
    daemon = start(configs.kafka_source(kafka, topic, "g-" + topic)
                   + "state: {dir: state}\nprofiles: {files: [customers.csv]}\n"
                   + configs.rules("rules.yaml") + configs.rt_desk(rt)
                   + configs.SENDER + configs.QUICK)
    ours = "Subject LIKE '%s'" % users[0].rsplit("-", 1)[0]

    def count():
        return rt.count(ours)
    kafka.produce(topic, failing(users))
    for kills in range(5):
        goal = 1 + 3 * kills
        eventually(lambda: count() >= goal, "%d tickets" % goal, 120)
        daemon.kill()
        daemon.start(ready=False)

    eventually(lambda: count() >= len(users), "a ticket for everybody", 180)
    eventually(lambda: unsettled(daemon) == 0, "every delivery is settled", 120)
    tickets = rt.tickets(ours).values()
    keys = {harness.field_of(ticket, "Premura Key") for ticket in tickets}
    assert len(tickets) == len(users) == len(keys)
    assert daemon.stop() == 0


def test_mails_in_doubt_after_a_kill_in_data_wait_for_a_person(
        servers, start, tmp_path):
    mail = servers.mail
    (tmp_path / "rules.yaml").write_text(configs.FAILURES.replace(
        "ticket: {template: repeated-failure-help}",
        "email: {template: billing-help}"))
    (tmp_path / "customers.csv").write_text("customer,email\n" + "".join(
        "u-%s,slow-%s@acme.example\n" % (user, user)
        for user in ("anna", "paul")))
    (tmp_path / "events.jsonl").write_text("".join(
        json.dumps(event) + "\n" for event in failing(["u-anna", "u-paul"])))

    def inbox(user):
        return mail.inbox("slow-" + user)
    daemon = start("sources:\n  - file: {path: events.jsonl}\n"
                   "    format: segment\ncustomer: user\n"
                   "profiles: {files: [customers.csv]}\nstate: {dir: state}\n"
                   + configs.rules("rules.yaml") + configs.email(mail, tmp_path)
                   + configs.SENDER + configs.QUICK)
    eventually(lambda: mail.count_in_log("END-OF-MESSAGE") == 2,
               "the relay has both and has not said so", 60)
    daemon.kill()
    daemon.start()

    def held():
        return json.loads(daemon.command("held", "--output", "json").stdout)
    waiting = eventually(lambda: len(held()) == 2 and held(),
                         "both wait for a person", 60)
    key = {one["customer"]: one["key"] for one in waiting}
    assert {(one["state"], one["reason"]) for one in waiting} == {
        ("unknown", "restarted")}
    assert {one["message"]["to"] for one in waiting} == {
        "slow-anna@acme.example", "slow-paul@acme.example"}
    table = daemon.command("held").stdout
    assert key["u-anna"] in table and "unknown: restarted" in table
    eventually(lambda: inbox("anna") and inbox("paul"), "both had arrived", 60)

    daemon.command("release", key["u-anna"])
    daemon.command("drop", key["u-paul"])
    assert held() == []
    eventually(lambda: len(inbox("anna")) == 2, "the released one again", 60)
    eventually(lambda: daemon.metric("premura_sent_total") == 1, "and is sent")
    first, second = inbox("anna")
    assert first["Message-ID"] == second["Message-ID"]
    assert first.as_bytes().split(b"\n\n", 1)[1] == (
        second.as_bytes().split(b"\n\n", 1)[1])
    assert len(inbox("paul")) == 1
    told = daemon.command("explain", "u-paul").stdout
    assert "suppressed; dropped " in told
    assert "; released " in daemon.command("explain", "u-anna").stdout
    refused = daemon.command("release", key["u-paul"], check=False)
    assert refused.returncode == 1
    assert "is suppressed: only what `premura held` lists" in refused.stderr
    assert daemon.stop() == 0


def test_a_limit_on_the_size_of_files_is_a_full_disk(start, tmp_path):
    (tmp_path / "rules.yaml").write_text(configs.FAILURES)
    os.mkfifo(tmp_path / "events.jsonl")
    with open(tmp_path / "events.jsonl", "r+b", buffering=0) as events:
        daemon = start("sources:\n  - file: {path: events.jsonl}\n"
                       "    format: segment\ncustomer: user\n"
                       "state: {dir: state, checkpoint_every: 200ms}\n"
                       + configs.rules("rules.yaml")
                       + configs.FILE_DESK + configs.SENDER + configs.QUICK)

        def limit_files(size):
            resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE,
                             (size, resource.RLIM_INFINITY))
        limit_files(1)
        events.write(b'{"type": \n')
        eventually(lambda: "not ready: the dead letter cannot be kept: "
                   in daemon.get("/readyz")[1], "a refused record has no place")
        limit_files(resource.RLIM_INFINITY)
        eventually(lambda: daemon.get("/readyz") == (200, "ready\n"), "it has")
        assert b"broken_json" in (
            tmp_path / "state/dead-letters.jsonl").read_bytes()
        limit_files(1)
        lines = [(json.dumps(event) + "\n").encode()
                 for event in failing(["u-anna-1"])]
        events.write(lines[0])
        eventually(lambda: "ready, but the checkpoint cannot be written: "
                   in daemon.get("/readyz")[1], "the checkpoint fails")
        assert daemon.get("/readyz")[0] == 200
        assert daemon.metric("premura_checkpoint_failures_total") > 0
        events.write(b"".join(lines[1:]))
        eventually(lambda: daemon.get("/readyz")[0] == 503,
                   "not ready while nothing can be written")
        told = json.loads(daemon.get("/readyz?format=json")[1])
        assert [(one["part"], one["unready"]) for one in told["troubles"]] == [
            ("ledger", True), ("checkpoint", False)]
        assert daemon.get("/livez") == (200, "ok\n")
        limit_files(resource.RLIM_INFINITY)
        eventually(lambda: len(customers(daemon)) == 1, "the ticket")
        eventually(lambda: daemon.get("/readyz") == (200, "ready\n"), "all well")
    assert daemon.process.poll() is None
    assert daemon.stop() == 0


def test_a_restart_in_order_reads_nothing_twice_and_loses_nothing(
        servers, start, tmp_path):
    kafka = servers.kafka("4.1.0")
    topic = kafka.create_topic("restart-" + uuid.uuid4().hex[:8])
    (tmp_path / "rules.yaml").write_text(configs.FAILURES)
    daemon = start(configs.kafka_source(kafka, topic, "g-" + topic)
                   + "state: {dir: state}\n" + configs.rules("rules.yaml")
                   + configs.FILE_DESK + configs.SENDER + configs.QUICK)
    first, second = new_users(20), new_users(20)
    kafka.produce(topic, failing(first))
    eventually(lambda: len(customers(daemon)) >= 1, "the first ticket", 60)
    assert daemon.stop() == 0
    kafka.produce(topic, failing(second))
    daemon.start()
    everybody = sorted(first + second)
    eventually(lambda: len(customers(daemon)) >= 40, "all tickets", 60)
    assert customers(daemon) == everybody

# SPDX-License-Identifier: Apache-2.0
"""The ledger in PostgreSQL, with real brokers: a server that goes away."""
import re
import uuid

import configs
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


def test_the_daemon_waits_for_a_server_that_is_away_and_loses_nothing(
        servers, start, tmp_path):
    kafka, server = servers.kafka("3.9.1"), servers.postgresql
    topic = kafka.create_topic("ledger-" + uuid.uuid4().hex[:8])
    schema = "away_" + uuid.uuid4().hex[:8]
    (tmp_path / "rules.yaml").write_text(configs.FAILURES)
    daemon = start(configs.kafka_source(kafka, topic, "g-" + topic)
                   + "state: {dir: state}\n" + configs.rules("rules.yaml")
                   + configs.postgresql_ledger(server, schema)
                   + configs.FILE_DESK + configs.SENDER + configs.QUICK)
    users = new_users(60)
    events = failing(users)
    kafka.produce(topic, events[:91])
    eventually(lambda: len(customers(daemon)) >= 10, "the first tickets", 60)

    server.kill()
    eventually(lambda: daemon.get("/readyz")[0] == 503, "not ready", 60)
    assert "the ledger cannot be written" in daemon.get("/readyz")[1]
    assert daemon.metric("premura_ledger_healthy") == 0
    away = daemon.command("explain", users[0], check=False)
    assert away.returncode == 1 and "cannot connect" in away.stderr
    kafka.produce(topic, events[91:])
    eventually(lambda: daemon.metric("premura_events_total") >= len(events) - 1
               or daemon.metric("premura_backpressure") == 1,
               "it reads as far as it can", 60)
    before = len(customers(daemon))
    server.start()

    eventually(lambda: len(customers(daemon)) >= len(users), "all tickets", 120)
    assert before < len(users) and customers(daemon) == users
    eventually(lambda: daemon.get("/readyz")[0] == 200, "ready again", 60)
    assert daemon.metric("premura_ledger_transaction_seconds_count") > 0
    assert server.query("select state, count(*) from deliveries group by 1",
                        schema) == [["sent", "60"]]
    told = daemon.command("explain", users[-1]).stdout
    assert "three-failures" in told and "sent " in told
    daemon.command("stop-all", "on")
    eventually(lambda: daemon.metric("premura_stop_all") == 1, "stopped", 5)
    assert daemon.command("held").stdout == "Nothing waits for a person.\n"
    assert daemon.stop() == 0


def test_of_two_daemons_one_dies_and_the_other_goes_on_without_doubles(
        servers, start, tmp_path):
    kafka, server = servers.kafka("3.9.1"), servers.postgresql
    topic = kafka.create_topic("shared-" + uuid.uuid4().hex[:8], partitions=6)
    schema = "shared_" + uuid.uuid4().hex[:8]
    ledger = configs.postgresql_ledger(server, schema)
    daemons = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "rules.yaml").write_text(configs.FAILURES)
        source = configs.kafka_source(kafka, topic, "g-" + topic)
        assert "instance_id: e2e" in source
        daemons.append(start(
            source.replace("instance_id: e2e", "instance_id: " + name)
            + "state: {dir: state}\n" + configs.rules("rules.yaml") + ledger
            + configs.FILE_DESK + configs.SENDER + configs.QUICK, folder))
    first, second = daemons
    eventually(lambda: all(
        (daemon.metric("premura_source_partitions") or 0) > 0
        for daemon in daemons), "both read", 90)

    def everybody():
        return sorted(customers(first) + customers(second))
    users = new_users(60)
    kafka.produce(topic, failing(users))
    eventually(lambda: len(everybody()) >= 60, "all tickets", 60)
    eventually(lambda: server.query(
        "select count(*) from deliveries where state = 'sent'",
        schema) == [["60"]], "and all are known as sent", 30)
    assert everybody() == users
    assert server.query("select count(*) from instances", schema) == [["2"]]
    owners = server.query("select distinct owner from deliveries", schema)
    assert len(owners) == 2, "each has sent some"

    first.kill()
    more = new_users(60)
    kafka.produce(topic, failing(more))
    eventually(lambda: len(everybody()) >= 120, "the other goes on", 150)
    assert everybody() == sorted(users + more)
    # A stop-all thrown beside one is obeyed by all.
    first.start()
    second.command("stop-all", "on")
    eventually(lambda: first.metric("premura_stop_all") == 1, "both stop", 5)
    for daemon in daemons:
        assert daemon.stop() == 0

# SPDX-License-Identifier: Apache-2.0
"""What people do to a running daemon: bad input, reload, stop-all, SIGTERM."""
import json
import time
import uuid

import pytest

import configs
import harness
from harness import eventually, track

SECOND_RULE = """
  - id: two-logouts
    title: Logs out twice
    detect:
      event_count: {event: logged_out, gte: 2, within: 10m}
    actions:
      - ticket: {template: repeated-failure-help}
"""


@pytest.fixture
def running(servers, start, tmp_path):
    """premura on a topic of its own, with the file desk."""
    kafka = servers.kafka("3.9.1")
    topic = kafka.create_topic("control-" + uuid.uuid4().hex[:8])
    (tmp_path / "rules.yaml").write_text(configs.FAILURES)
    daemon = start(configs.kafka_source(kafka, topic, "g-" + topic)
                   + "state: {dir: state}\n" + configs.rules("rules.yaml")
                   + configs.FILE_DESK + configs.SENDER + configs.QUICK)
    return daemon, lambda records: kafka.produce(topic, records)


def user():
    return "u-" + uuid.uuid4().hex[:12]


def fail_three_times(customer):
    return [track(customer, "action_failed", action="Import")
            for _ in range(3)]


def about(daemon, customer):
    return [text for text in configs.file_tickets(daemon) if customer in text]


def test_broken_events_between_good_ones_are_kept_with_their_origin(running):
    daemon, produce = running
    customer = user()
    good = fail_three_times(customer)
    nobody = track(customer, "action_failed")
    nobody["userId"] = nobody["anonymousId"] = None
    key = customer.encode() + b"\t"
    # One key, so all lie in one partition, in this order.
    produce([good[0], key + b'{"type":"track","event":"action_f', good[1],
             key + b"\xff\xfe{}"])
    produce_as(produce, customer, [nobody, good[2]])

    eventually(lambda: about(daemon, customer), "the ticket", 60)
    letters = daemon.folder / "state" / "dead-letters.jsonl"

    def kept():
        return [json.loads(line) for line in
                letters.read_text().splitlines()] if letters.exists() else []
    eventually(lambda: len(kept()) == 3, "three dead letters")
    reasons = sorted(letter["reason"] for letter in kept())
    assert reasons in (["broken_json", "broken_json", "no_customer"],
                       ["broken_json", "invalid_utf8", "no_customer"])
    assert all(letter["source"] == "product" and "/" in letter["origin"]
               for letter in kept())
    eventually(lambda: daemon.metric("premura_refused_total") == 3,
               "three refusals counted")


def produce_as(produce, customer, records):
    """Keyed by `customer` whoever the records speak of."""
    produce([customer.encode() + b"\t" + json.dumps(record).encode()
             for record in records])


def test_a_broken_rule_file_is_refused_and_the_old_rules_stay(running):
    daemon, produce = running
    rules = daemon.folder / "rules.yaml"
    before = daemon.get("/metrics")[1]
    good = rules.read_text()

    rules.write_text(good.replace("cooldown: 1d", "cooldwon: 1d"))
    daemon.reload()
    eventually(lambda: daemon.metric("premura_last_reload_success") == 0,
               "the metric says that the reload failed")
    assert "did you mean `cooldown`?" in daemon.log()
    assert "rules.yaml:" in daemon.log()
    customer = user()
    produce(fail_three_times(customer))
    eventually(lambda: about(daemon, customer), "the old rule still fires", 60)
    assert rule_hash(daemon.get("/metrics")[1]) == rule_hash(before)

    rules.write_text(good + SECOND_RULE)
    daemon.reload()
    eventually(lambda: daemon.metric("premura_last_reload_success") == 1,
               "the good file is taken over")
    assert rule_hash(daemon.get("/metrics")[1]) != rule_hash(before)
    customer = user()
    produce([track(customer, "logged_out") for _ in range(2)])
    eventually(lambda: about(daemon, customer), "the new rule fires", 60)


def rule_hash(metrics):
    line, = [line for line in metrics.splitlines()
             if line.startswith("premura_rules_info{")]
    return line


def test_a_reload_keeps_what_an_unchanged_rule_has_counted(running):
    daemon, produce = running
    customer = user()
    produce(fail_three_times(customer)[:2])
    eventually(lambda: daemon.metric("premura_events_total") == 2,
               "two failures are counted", 60)
    rules = daemon.folder / "rules.yaml"
    rules.write_text(rules.read_text() + SECOND_RULE)
    daemon.reload()
    eventually(lambda: daemon.metric("premura_rules", status="live") == 2, "the reload")
    produce(fail_three_times(customer)[:1])
    eventually(lambda: about(daemon, customer), "the third failure counts", 60)


def test_stop_all_stops_within_a_second_and_survives_a_restart(running):
    daemon, produce = running
    daemon.command("stop-all", "on")
    eventually(lambda: daemon.metric("premura_stop_all") == 1, "on", 1.5)
    customer = user()
    produce(fail_three_times(customer))
    eventually(lambda: "stop_all" in daemon.command("explain", customer).stdout,
               "the decision says why", 60)
    assert daemon.stop() == 0
    daemon.start()
    assert daemon.metric("premura_stop_all") == 1
    other = user()
    produce(fail_three_times(other))
    eventually(lambda: "stop_all" in daemon.command("explain", other).stdout,
               "still stopped", 60)
    assert not about(daemon, customer) and not about(daemon, other)

    daemon.command("stop-all", "off")
    last = user()
    produce(fail_three_times(last))
    eventually(lambda: about(daemon, last), "sends again", 60)


def test_sigterm_drains_and_loses_nothing(running):
    daemon, produce = running
    customers = sorted(user() for _ in range(200))
    produce([event for customer in customers
             for event in fail_three_times(customer)])
    eventually(lambda: configs.file_tickets(daemon), "the first ticket", 60)
    begin = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - begin < 30
    daemon.start()
    eventually(lambda: len(configs.file_tickets(daemon)) >= len(customers),
               "all tickets", 60)
    assert len(configs.file_tickets(daemon)) == len(customers)
    assert all(about(daemon, customer) for customer in customers[:20])


def test_explain_of_a_stranger_says_that_nothing_is_known(running):
    daemon, _ = running
    told = daemon.command("explain", "nobody-we-know").stdout
    assert told == "nobody-we-know: nothing is known of this customer\n"


def test_explain_says_how_far_a_rule_is_and_then_it_fires(running):
    daemon, produce = running
    customer = user()

    def told():
        return daemon.command("explain", customer).stdout

    produce(fail_three_times(customer)[:2])
    before = eventually(lambda: "2 of 3" in told() and told(), "two are seen")
    assert "  now: 2 of 3 action_failed within 10m; 1 more before " in before
    assert " fires it" in before and "  fired " not in before
    status, page = daemon.get("/api/v1/explain?customer=" + customer)
    rule = json.loads(page)["rules"][0]
    assert status == 200 and rule["rule"] == "three-failures"
    assert rule["groups"][0]["have"] == 2 and rule["groups"][0]["more"] == 1
    produce(fail_three_times(customer)[:1])
    after = eventually(lambda: "  fired " in told() and told(), "it has fired")
    assert "  now: 0 of 3 action_failed within 10m" in after
    assert "    ticket  repeated-failure-help" in after


def test_a_broken_configuration_is_refused_with_every_mistake(tmp_path):
    config = tmp_path / "premura.yaml"
    config.write_text("sources:\n  - kafka: {brokers: [b:9092], topicz: [t]}\n"
                      "rules: [none.yaml]\nlog: {level: loud}\n")
    run = harness.premura("run", "-c", config, check=False)
    assert run.returncode == 1
    told = run.stdout + run.stderr
    assert "premura.yaml:2:" in told and "did you mean `topics`?" in told
    assert "premura.yaml:4:" in told

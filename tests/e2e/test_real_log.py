# SPDX-License-Identifier: Apache-2.0
"""Repeated failed log-ins of a server's log: what premura finds is what a few
independent lines find. With PREMURA_REAL_LOGS set to the folder that holds
openssh2k.jsonl.zst that log is used, else a generated one of its shape.
"""
import json
import os
import pathlib
import random
import subprocess
import uuid

import configs
import harness
from harness import eventually

RULE = """version: 1
rules:
  - id: failed-log-ins
    title: Log-in fails again and again
    detect:
      event_count: {event: failed_password, gte: %d, within: %dm}
"""


def generated():
    """An attacker at a time, some seconds apart, others in between."""
    dice = random.Random(2)
    clock, attacker, lines = 1481352946000, 0, []
    for _ in range(2000):
        clock += dice.choice([0, 0, 1000, 2000, 3000, 9000, 30000])
        if dice.random() < 0.02:
            attacker = dice.randrange(30)
            clock += dice.choice([0, 600000, 7200000])
        who = attacker if dice.random() < 0.8 else dice.randrange(30)
        lines.append({
            "ts": clock, "customer": "198.51.100.%d" % who,
            "type": dice.choice(["failed_password", "disconnect", "other",
                                 "pam_auth_failure"])})
    return lines


def log():
    folder = os.environ.get("PREMURA_REAL_LOGS")
    if not folder:
        return generated()
    packed = pathlib.Path(folder) / "openssh2k.jsonl.zst"
    text = subprocess.run(["zstd", "-dc", str(packed)], check=True,
                          capture_output=True, text=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def expected(events, count, minutes):
    """(customer, instant) of each detection, the plainest way."""
    found, open_ = [], {}
    for event in events:
        if event["type"] != "failed_password":
            continue
        seen = [at for at in open_.get(event["customer"], [])
                if at > event["ts"] - minutes * 60000] + [event["ts"]]
        if len(seen) >= count:
            found.append((event["customer"], event["ts"]))
            seen = []
        open_[event["customer"]] = seen
    return found


def instant(text):
    return int(harness.datetime.fromisoformat(
        text.replace("Z", "+00:00")).timestamp() * 1000 + 0.5)


def test_a_backtest_counts_what_a_plain_script_counts(tmp_path):
    events = log()
    assert len(events) == 2000
    source = tmp_path / "log.jsonl"
    source.write_text("".join(json.dumps(event) + "\n" for event in events))
    in_order = sorted(events, key=lambda event: event["ts"])
    total = 0
    for count, minutes in ((2, 1), (3, 2), (5, 10), (10, 60), (25, 240)):
        (tmp_path / "rule.yaml").write_text(RULE % (count, minutes))
        run = harness.premura(
            "backtest", "--rules", tmp_path / "rule.yaml", "--events", source,
            "--sort", "--output", "jsonl", "--detections-only")
        found = [json.loads(line) for line in run.stdout.splitlines()]
        assert [(d["customer"], instant(d["at"])) for d in found] == expected(
            in_order, count, minutes)
        assert all(len(d["evidence"]) >= count for d in found)
        total += len(found)
    assert total > 100


def test_the_daemon_behind_kafka_counts_the_same(servers, start, tmp_path):
    kafka = servers.kafka("3.9.1")
    topic = kafka.create_topic("log-" + uuid.uuid4().hex[:8], partitions=1)
    events = sorted(log(), key=lambda event: event["ts"])
    (tmp_path / "rule.yaml").write_text(RULE % (5, 10))
    daemon = start(
        configs.kafka_source(kafka, topic, "g-" + topic)
        .replace("format: segment", "format: plain")
        .replace("customer: user", "")
        + "state: {dir: state}\n" + configs.rules("rule.yaml")
        + configs.QUICK)
    kafka.produce(topic, events, key=lambda event: event["customer"])
    eventually(lambda: daemon.metric("premura_records_total") == len(events),
               "everything is read", 60)
    goal = len(expected(events, 5, 10))
    assert goal > 10
    eventually(lambda: daemon.metric("premura_detections_total") >= goal,
               "%d detections" % goal)
    assert daemon.stop() == 0
    assert goal == len(configs.query(
        daemon, "select distinct id from detections"))

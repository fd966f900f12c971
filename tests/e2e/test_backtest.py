# SPDX-License-Identifier: Apache-2.0
"""A backtest over a topic finds what one over a file with the same events does,
and the daemon's group does not notice.
"""
import json
import subprocess
import time

import harness

RULE = """version: 1
rules:
  - id: fails
    title: Fails
    detect: {event_count: {event: failed, gte: 3, within: 10m}}
"""
START = 1767225600


def backtest(*arguments):
    run = subprocess.run(
        [harness.PREMURA, "backtest", "--output", "jsonl", *map(str, arguments)],
        capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_a_topic_is_a_file_with_the_same_events(servers, tmp_path):
    kafka = servers.kafka("4.1.0")
    (tmp_path / "rule.yaml").write_text(RULE)
    events = [{"customer": "c%d" % (i % 7), "event": "failed",
               "ts": START + 20 * i} for i in range(300)]
    (tmp_path / "events.jsonl").write_text(
        "".join(json.dumps(event) + "\n" for event in events))
    topic = "backtest-%d" % time.time_ns()
    kafka.create_topic(topic, partitions=3)
    # The broker's time is that of arrival: one after the other.
    for event in events[:20]:
        kafka.produce(topic, [event], key=lambda record: record["customer"])
    kafka.produce(topic, events[20:], key=lambda record: "all")
    rules = ["--rules", tmp_path / "rule.yaml"]
    expected = backtest(*rules, "--events", tmp_path / "events.jsonl")
    assert expected.count("\n") > 50
    of_topic = rules + ["--topic", topic, "--brokers", kafka.broker]
    assert backtest(*of_topic) == expected
    assert backtest(*of_topic, "--from", "2025-12-31T00:00:00Z") == expected
    assert backtest(*of_topic, "--to", "2026-01-01T00:00:00Z") == ""

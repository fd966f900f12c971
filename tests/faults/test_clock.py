# SPDX-License-Identifier: Apache-2.0
"""The machine's clock leaps by an hour, there and back."""
import uuid

import configs
import pytest
from harness import eventually, track

RULES = """version: 1
rules:
  - id: not-paid
    title: Has ordered and not paid
    detect:
      absence: {after: ordered, without: paid, for: 30m}
    cooldown: 1d
    actions: [{ticket: {template: checkout-help}}]
  - id: three-failures
    title: Fails again and again
    detect: {event_count: {event: action_failed, gte: 3, within: 10m}}
    cooldown: 1d
    actions: [{ticket: {template: repeated-failure-help}}]
"""


@pytest.mark.parametrize("leap", ["+3600", "-3600"])
def test_a_leap_that_is_taken_back_makes_nobody_late(
        servers, start, tmp_path, leap):
    kafka = servers.kafka("3.9.1")
    topic = kafka.create_topic("clock-" + uuid.uuid4().hex[:8], partitions=1)
    (tmp_path / "rules.yaml").write_text(RULES)
    shift = tmp_path / "shift"
    shift.write_text("+0\n")
    daemon = start(
        configs.kafka_source(kafka, topic, "g-" + topic)
        + "state: {dir: state, checkpoint_every: 100ms}\n"
        + configs.rules("rules.yaml")
        + configs.FILE_DESK + configs.SENDER + configs.QUICK,
        environment={"LD_PRELOAD": "libfaketime.so.1",
                     "LD_LIBRARY_PATH": "/usr/lib/x86_64-linux-gnu/faketime",
                     "FAKETIME_TIMESTAMP_FILE": str(shift),
                     "FAKETIME_NO_CACHE": "1",
                     "FAKETIME_DONT_FAKE_MONOTONIC": "1"})

    def tickets():
        return "".join(configs.file_tickets(daemon))
    kafka.produce(topic, [track("u-slow", "ordered")]
                  + [track("u-first", "action_failed") for _ in range(3)])
    eventually(lambda: "u-first" in tickets(), "the first ticket", 60)
    shift.write_text(leap + "\n")
    eventually(lambda: "the clock leapt 1h" in daemon.log(), "it is seen")
    # What comes meanwhile is taken as ever.
    kafka.produce(topic, [track("u-while", "action_failed") for _ in range(3)])
    eventually(lambda: "u-while" in tickets(), "a ticket meanwhile", 60)
    shift.write_text("+0\n")
    eventually(lambda: "it has been set right" in daemon.log(), "so is that")
    kafka.produce(topic, [track("u-slow", "paid")]
                  + [track("u-last", "action_failed") for _ in range(3)])
    eventually(lambda: "u-last" in tickets(), "the last ticket", 60)
    assert "u-slow" not in tickets()
    assert len(configs.file_tickets(daemon)) == 3
    assert daemon.stop() == 0

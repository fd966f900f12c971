#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Compares `premura run` with a bare librdkafka + simdjson loop.

One broker, one topic (8 partitions, lz4), 20 rules of five kinds; the two take
turns over the same records, and the ratio is printed with both medians.

  tests/bench/kafka_ratio.py [--build DIR] [--events N] [--runs N] [--kafka V]

Needs a build of the `bench` preset, a JDK and Maven.
"""
import argparse
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))
from harness import Kafka, free_ports  # noqa: E402


def metric(port, name):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
            text = page.read().decode()
    except OSError:
        return 0.0
    return sum(float(value) for value in re.findall(
        rf"^{name}(?:{{[^}}]*}})? ([0-9.e+]+)$", text, re.M))


def premura_rate(build, directory, broker, topic, events, run):
    """Records per second between the first sight of progress and the last."""
    home = directory / f"run{run}"
    home.mkdir()
    port = free_ports()
    (home / "premura.yaml").write_text(f"""
sources:
  - kafka: {{brokers: ["{broker}"], topics: [{topic}], group: ratio-{run}}}
    format: segment
rules: ["{ROOT}/tests/bench/rules20.yaml"]
state: {{dir: "{home}/state"}}
ledger: "sqlite:{home}/ledger.db"
http: {{admin: {{listen: "127.0.0.1:{port}"}}}}
log: {{level: warning}}
shards: 1
""")
    daemon = subprocess.Popen([build / "premura", "run", "-c",
                               home / "premura.yaml"])
    try:
        started, first = None, 0.0
        while daemon.poll() is None:
            records = metric(port, "premura_records_total")
            now = time.monotonic()
            if started is None and records > 0:
                started, first = now, records
            if records >= events:
                return (records - first) / (now - started)
            time.sleep(0.02)
        raise SystemExit("premura ended before it had read everything")
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()


def bare_rate(build, broker, topic, events):
    return float(subprocess.run([build / "tests/bench/bare_loop", broker, topic,
                                 str(events)], check=True, text=True,
                                stdout=subprocess.PIPE).stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path,
                        default=ROOT / "build/bench")
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--kafka", default="3.9.1", help="the broker's version")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="premura-ratio-") as name:
        directory = pathlib.Path(name)
        kafka = Kafka(directory / "broker", options.kafka)
        broker = kafka.broker
        try:
            kafka.create_topic("usage", partitions=8)
            subprocess.run([options.build / "tests/bench/produce_events",
                            str(options.events), "20000", broker, "usage"],
                           check=True)
            bare, ours = [], []
            for run in range(options.runs):
                bare.append(bare_rate(options.build, broker, "usage",
                                      options.events))
                ours.append(premura_rate(options.build, directory, broker,
                                         "usage", options.events, run))
                print(f"run {run + 1}: bare {bare[-1]:,.0f}/s, premura "
                      f"{ours[-1]:,.0f}/s, ratio {ours[-1] / bare[-1]:.2f}",
                      flush=True)
            ratio = statistics.median(o / b for o, b in zip(ours, bare))
            print(f"median: bare {statistics.median(bare):,.0f}/s, premura "
                  f"{statistics.median(ours):,.0f}/s, ratio {ratio:.2f}")
        finally:
            kafka.close()


if __name__ == "__main__":
    main()

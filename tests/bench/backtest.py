#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How fast `premura backtest` is: 20 rules over events of 20,000 customers, on
one core and on all; and one customer with ever more detections, which must cost
no more than in proportion. Prints the time, and the CPU time of all threads,
which is the same on a busy machine.

    cmake --preset release && cmake --build --preset release --target premura
    cmake --preset bench && cmake --build --preset bench --target produce_events
    tests/bench/backtest.py [EVENTS]
"""
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PREMURA = os.environ.get("PREMURA_BINARY", ROOT / "build/release/premura")
PRODUCE = os.environ.get("PREMURA_PRODUCE_EVENTS", ROOT / "build/bench/tests/bench/produce_events")
BEGIN = 1767225600

RULE = """version: 1
rules:
  - id: fails
    title: Fails
    detect: {event_count: {event: failed, gte: 1, within: 1h}}
    cancel_on: [{event: solved}]
    actions: [{ticket: {template: t}}, {email: {template: t}}, {sms: {template: t}}]
"""
PROFILES = "customer,email,phone,timezone\nbig,b@example.com,+393331234567,Europe/Rome\n"


def seconds(*arguments):
    """How long it took, and of how much CPU time."""
    begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([PREMURA, "backtest", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - begin, cpu


def one_customer(folder, count):
    events = folder / "events.jsonl"
    with events.open("w") as out:
        for i in range(count):
            name = "solved" if i % 10 == 9 else "failed"
            out.write('{"customer":"big","event":"%s","ts":%d}\n' % (name, BEGIN + 60 * i))
    (folder / "rules.yaml").write_text(RULE)
    (folder / "profiles.csv").write_text(PROFILES)
    return seconds("--rules", folder / "rules.yaml", "--events", events, "--profiles", folder / "profiles.csv")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        events = folder / "many.jsonl"
        with events.open("wb") as out:
            subprocess.run([PRODUCE, str(count), "20000"], check=True, stdout=out)
        rules = ROOT / "tests/bench/rules20.yaml"
        for cores in (1, os.cpu_count()):
            took, cpu = seconds("--rules", rules, "--events", events, "--preset", "segment", "--cores", cores)
            print(f"20 rules, {count:,} events, --cores {cores}: {took:.1f} s, {count / took:,.0f} events/s; "
                  f"CPU {cpu:.1f} s", flush=True)
        for detections in (5_000, 10_000, 20_000):
            took, cpu = one_customer(folder, detections)
            print(f"one customer, {detections:,} events, ticket, mail and SMS: {took:.1f} s; "
                  f"CPU {cpu:.1f} s, {cpu / detections * 1e3:.2f} ms each", flush=True)


if __name__ == "__main__":
    main()

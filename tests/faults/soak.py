# SPDX-License-Identifier: Apache-2.0
"""Two instances of `premura run` share a stream, its state in Kafka and a ledger
for a long time while the broker, the ledger and one of the two die again and
again; says what became of the customers, and whether the other has grown.

usage: soak.py [--minutes 30] [--rate 600] [--seed N]

Every few seconds one of these: the second instance is killed and starts again;
it sleeps (SIGSTOP) for some seconds; the broker is killed and comes back; so is
PostgreSQL; the receiver hangs for a while. The first instance is never
touched. Of it memory, open files and threads are looked at every 10 s: in the
last third they must not be above the most of the middle third by more than a
tenth (or 8 MiB, 8 files, 2 threads). At the end every customer who failed three
times has exactly one ticket, and nobody else has one.

Memory is bounded, not small: 8 MiB of events for each shard and dedup_window are
full only after some minutes, the sooner the higher the rate.
"""
import argparse
import json
import os
import pathlib
import random
import signal
import sys
import tempfile
import time
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import configs  # noqa: E402
import harness  # noqa: E402
from harness import SUPPORT, Script, eventually, page, track  # noqa: E402

# Who are about all the time and never fail. What is known of them must have its
# full size soon, or growth says nothing; so must what is remembered of events.
BYSTANDERS = 2000


class Soak:
    def __init__(self, folder, seed):
        self.folder, self.random = folder, random.Random(seed)
        self.kafka = harness.Kafka(folder / "kafka", "4.1.0")
        self.ledger = harness.Postgresql(folder / "ledger")
        self.hook = Script("/usr/bin/python3", SUPPORT / "http_faults.py",
                           folder / "hook")
        self.topic = self.kafka.create_topic("soak-" + uuid.uuid4().hex[:6], 6)
        self.samples, self.failed, self.faults = [], [], []
        self.fenced = 0
        self.daemons = [self.daemon(name) for name in ("one", "two")]

    def daemon(self, name):
        folder = self.folder / name
        folder.mkdir()
        (folder / "hook.secret").write_text("whsec_" + "a2V5" * 11 + "\n")
        (folder / "rules.yaml").write_text(configs.FAILURES.replace(
            "{template: repeated-failure-help}",
            "{template: repeated-failure-help, desk: hook}"))
        (folder / "more.yaml").write_text(MORE_RULES)
        ledger = ("ledger: {url: \"%s\", password_file: \"%s\"}\n" % (
            self.ledger.url, self.ledger.password_file))
        source = configs.kafka_source(
            self.kafka, self.topic, "soak", "    dedup_window: 1m").replace(
                "instance_id: e2e", "instance_id: " + name)
        daemon = harness.Daemon(
            folder, source + ledger
            + "state: {dir: state, kafka: {}}\n" + configs.rules("rules.yaml", "more.yaml")
            + 'tickets:\n  hook: {type: webhook, url: "%s/hook",'
              ' secret_file: hook.secret}\n' % self.hook.facts["url"]
            + configs.SENDER + configs.QUICK)
        daemon.environment = {"MALLOC_ARENA_MAX": "2"}  # As it is shipped.
        return daemon.start()

    def supervise(self):
        """A broker that dies while a static member joins may take it for
        another one afterwards (KAFKA-20983): the second time within a minute it
        ends, and is started again."""
        first = self.daemons[0]
        if first.process.poll() is None:
            return
        end = first.log()[-3000:]
        assert FENCED in end, end
        self.fenced += 1
        self.samples.clear()
        first.start(ready=False)

    # --- Faults ---------------------------------------------------------------

    def kill_second(self):
        self.daemons[1].kill()
        self.daemons[1].start(ready=False)

    def stop_second(self):
        second = self.daemons[1].process
        second.send_signal(signal.SIGSTOP)
        time.sleep(self.random.uniform(1, 20))
        second.send_signal(signal.SIGCONT)

    def kill_broker(self):
        self.kafka.kill()
        time.sleep(self.random.uniform(0, 5))
        self.kafka.start()

    def kill_ledger(self):
        self.ledger.kill()
        time.sleep(self.random.uniform(0, 5))
        self.ledger.start()

    def stop_receiver(self):
        self.hook.process.send_signal(signal.SIGSTOP)
        time.sleep(self.random.uniform(1, 5))
        self.hook.process.send_signal(signal.SIGCONT)

    def hooks(self):
        with urllib.request.urlopen(self.hook.facts["url"] + "/log") as answer:
            return [one for one in json.load(answer) if one["method"] == "POST"]

    # --- The stream -----------------------------------------------------------

    def stream(self, rate):
        events = [page("b-%04d" % self.random.randrange(BYSTANDERS),
                       "/p/%d" % self.random.randrange(3))
                  for _ in range(rate)]
        for _ in range(3):
            customer = "f-%06d" % len(self.failed)
            self.failed.append(customer)
            events += [track(customer, "action_failed", action="Import")
                       for _ in range(3)]
        self.random.shuffle(events)
        self.kafka.produce(self.topic, events)

    def sample(self):
        process = pathlib.Path("/proc/%d" % self.daemons[0].process.pid)
        status = (process / "status").read_text()
        word = {line.split(":")[0]: line.split()[1]
                for line in status.splitlines() if line.split()[1:]}
        self.samples.append((int(word["VmRSS"]) / 1024,
                             len(os.listdir(process / "fd")),
                             int(word["Threads"])))

    def run(self, minutes, rate):
        begin = time.monotonic()
        next_fault = begin + 10
        faults = [self.kill_second, self.stop_second, self.kill_broker,
                  self.kill_ledger, self.stop_receiver]
        next_sample = begin
        while time.monotonic() < begin + 60 * minutes:
            second = time.monotonic()
            self.stream(rate)
            if second >= next_fault:
                fault = self.random.choice(faults)
                self.faults.append(fault.__name__)
                fault()
                next_fault = time.monotonic() + self.random.uniform(5, 15)
            self.supervise()
            if second >= next_sample:
                self.sample()
                next_sample = second + 10
            time.sleep(max(0, second + 1 - time.monotonic()))
        eventually(lambda: len(self.ticketed()) >= len(self.failed),
                   "all tickets", 300)

    def ticketed(self):
        rows = self.ledger.query(
            "select customer from deliveries where state = 'sent'")
        return sorted(name for name, in rows)

    # --- What came of it ------------------------------------------------------

    def wrong(self):
        found = []
        if self.ticketed() != self.failed:
            found.append("tickets: %d of %d" % (
                len(self.ticketed()), len(self.failed)))
        by_id = {}
        for one in self.hooks():
            case = json.loads(one["body"])
            by_id.setdefault(one["headers"]["webhook-id"], set()).add(
                json.dumps(case, sort_keys=True))
        if len(by_id) != len(self.failed):
            found.append("%d cases arrived" % len(by_id))
        if any(len(bodies) > 1 for bodies in by_id.values()):
            found.append("one case with two bodies")
        third = len(self.samples) // 3
        for index, (what, room) in enumerate(
                (("MiB", 8), ("open files", 8), ("threads", 2))):
            middle = max(one[index] for one in self.samples[third:2 * third])
            last = max(one[index] for one in self.samples[2 * third:])
            print("%s: %.0f at first, %.0f in the middle, %.0f at last" % (
                what, self.samples[0][index], middle, last))
            if last > max(middle * 1.1, middle + room):
                found.append("%s have grown" % what)
        return found

    def close(self):
        for daemon in self.daemons:
            daemon.close()
        for server in (self.kafka, self.ledger, self.hook):
            server.close()


FENCED = "has taken this one's place"

MORE_RULES = """version: 1
rules:
  - id: comes-back
    title: Keeps coming back to one page
    detect: {event_count: {event: page_viewed, group_by: path, gte: 1000, within: 2m}}
    actions: [{ticket: {template: repeated-failure-help, desk: hook}}]
"""


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--minutes", type=float, default=30)
    arguments.add_argument("--rate", type=int, default=600)
    arguments.add_argument("--seed", type=int,
                           default=random.SystemRandom().randrange(10**6))
    chosen = arguments.parse_args()
    print("seed %d" % chosen.seed, flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="premura-soak-"))
    folder.chmod(0o755)
    soak = Soak(folder, chosen.seed)
    try:
        soak.run(chosen.minutes, chosen.rate)
        found = soak.wrong()
        stopped = [daemon.stop() for daemon in soak.daemons]
    finally:
        soak.close()
    counts = {name: soak.faults.count(name) for name in sorted(set(soak.faults))}
    print("%d customers failed; %s; the first was fenced by itself %d times" % (
        len(soak.failed), counts, soak.fenced))
    print("\n".join(found + ["in %s" % folder]))
    return bool(found) or any(stopped)


if __name__ == "__main__":
    sys.exit(main())

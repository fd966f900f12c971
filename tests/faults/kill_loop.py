# SPDX-License-Identifier: Apache-2.0
"""Kills `premura run` again and again while customers are failing, and says what
became of each of them: against a real Kafka, Request Tracker and Postfix.

usage: kill_loop.py [--kills 200] [--loops 1] [--desk rt|webhook]
                    [--state-in-kafka] [--seed N]

Loops run side by side, each with a daemon, a topic and a ledger of its own,
and share the kills and the servers. Request Tracker takes half a second for a
ticket, and something for each start: for thousands of kills there is a receiver
of webhooks instead.

Each customer fails twice before a kill and a third time after it, so that what
the rule had seen must outlive the process. Each is to get one ticket and one
mail. At the end, with T customers:

  - the ledger has one detection of each, none of anybody else;
  - Request Tracker has one ticket of each, or the receiver one webhook-id;
  - no customer has two mails, and who has none is listed by `premura held`;
  - the daemon has never ended by itself.
"""
import argparse
import collections
import concurrent.futures
import json
import pathlib
import random
import sys
import tempfile
import time
import urllib.request
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import configs  # noqa: E402
import harness  # noqa: E402
from harness import SUPPORT, Script, eventually, track  # noqa: E402

RULES = configs.FAILURES + "      - email: {template: billing-help}\n"


IN_KAFKA = ", kafka: {}"


class RtDesk:
    def __init__(self, rt):
        self.rt, self.close = rt, rt.close

    def config(self, folder):
        return configs.rt_desk(self.rt)

    def tickets(self, tag):
        """A text with the customer for each."""
        return self.rt.subjects("Subject LIKE '%s'" % tag)


class WebhookDesk:
    def __init__(self, folder):
        self.script = Script("/usr/bin/python3", SUPPORT / "http_faults.py",
                             folder)
        self.url, self.close = self.script.facts["url"], self.script.close
        # As slow as real ones are, or no kill meets a call.
        plan = json.dumps([{"status": 200, "act": "slow"}]).encode()
        urllib.request.urlopen(self.url + "/plan", plan).close()

    def config(self, folder):
        (folder / "hook.secret").write_text("whsec_" + "a2V5" * 11 + "\n")
        return ("tickets:\n  hook: {type: webhook, url: \"%s/hook\","
                " secret_file: hook.secret}\n" % self.url)

    def tickets(self, tag):
        with urllib.request.urlopen(self.url + "/log") as answer:
            hooks = [one for one in json.load(answer) if tag in one["body"]]
        return {one["headers"]["webhook-id"]: one["body"]
                for one in hooks}.values()


class KillLoop:
    def __init__(self, kafka, desk, mail, folder, seed, state=""):
        self.kafka, self.desk, self.mail = kafka, desk, mail
        self.folder, self.random = pathlib.Path(folder), random.Random(seed)
        self.state = "dir: state, checkpoint_every: 100ms" + state
        self.tag = "k" + uuid.uuid4().hex[:6]
        self.in_flight = 0  # Kills that caught some delivery in its call.
        self.fell = []  # Exit codes of a daemon that ended by itself.

    def customer(self, number):
        return "%s-%04d" % (self.tag, number)

    def start(self, customers):
        self.topic = self.kafka.create_topic("loop-" + self.tag)
        (self.folder / "rules.yaml").write_text(RULES)
        (self.folder / "customers.csv").write_text("customer,email\n" + "".join(
            "%s,jane+%s@acme.example\n" % (name, name)
            for name in map(self.customer, range(customers))))
        self.daemon = harness.Daemon(
            self.folder,
            configs.kafka_source(self.kafka, self.topic, "g-" + self.topic)
            + "state: {%s}\n" % self.state
            + "profiles: {files: [customers.csv]}\n"
            + "restraint: {quiet_hours: {email: none, sms: none}}\n"
            + configs.rules("rules.yaml") + self.desk.config(self.folder)
            + configs.email(self.mail, self.folder)
            + configs.SENDER + configs.QUICK)
        self.daemon.start()

    def fail(self, *numbers):
        self.kafka.produce(self.topic, [
            track(self.customer(number), "action_failed", action="Import")
            for number in numbers])

    def kill(self):
        # The instant is the test's to choose; nothing is waited for.
        time.sleep(self.random.uniform(0, 0.6) if self.random.random() < 0.8
                   else self.random.uniform(0.6, 2.5))
        if self.daemon.process.poll() is not None:
            self.fell.append(self.daemon.process.returncode)
        self.daemon.kill()
        self.in_flight += bool(self.ledger(
            "select 1 from deliveries where state = 'sending' limit 1"))
        self.daemon.start(ready=False)

    def ledger(self, sql):
        return configs.query(self.daemon, sql)

    def run(self, kills):
        self.start(kills)
        self.go_on(kills)

    def go_on(self, kills):
        self.fail(0, 0)
        for number in range(kills):
            self.kill()
            # Its third, and twice the next: a client's start each is what a
            # kill costs most.
            self.fail(number, *[number + 1] * 2 * (number + 1 < kills))
            if number % 100 == 99:
                print("%s: %d kills" % (self.tag, number + 1), flush=True)
        eventually(lambda: len(self.detections()) >= kills,
                   "a detection of each", 120)
        eventually(self.is_settled, "every delivery is settled", 300)

    def detections(self):
        return [name for name, in self.ledger("select customer from detections")]

    def is_settled(self):
        return not self.ledger(
            "select 1 from deliveries where state in "
            "('pending', 'sending', 'retry') or due_at is not null limit 1")

    def faults(self, customers):
        """What is not as it was promised, in words."""
        names = [self.customer(number) for number in range(customers)]
        found = []

        def compare(what, seen, least=1):
            counts = collections.Counter(seen)
            for name in set(names) | set(counts):
                if not least <= counts[name] <= 1 or name not in names:
                    found.append("%s: %d %s" % (name, counts[name], what))

        compare("detections", self.detections())
        tickets = self.desk.tickets(self.tag)
        compare("tickets", map(self.named, tickets))
        mailed = [self.named(mail["To"]) for mail in self.mail.inbox(
            "jane", '(TO "%s")' % self.tag)]
        compare("mails", mailed, least=0)
        held = {one["customer"] for one in json.loads(
            self.daemon.command("held", "--most", "100000", "--output",
                                "json").stdout)}
        found += ["%s: no mail, and nobody is told" % name
                  for name in names if name not in mailed and name not in held]
        found += ["it ended by itself with %d" % code for code in self.fell]
        self.summary = ("%d kills, %d of them in a call: %d tickets, %d mails, "
                        "%d held for a person, %d faults" % (
                            customers, self.in_flight, len(tickets),
                            len(mailed), len(held), len(found)))
        return found

    def named(self, text):
        at = text.index(self.tag)
        return text[at:at + len(self.customer(0))]


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--kills", type=int, default=200)
    arguments.add_argument("--loops", type=int, default=1)
    arguments.add_argument("--desk", choices=["rt", "webhook"], default="rt")
    arguments.add_argument("--state-in-kafka", action="store_true")
    arguments.add_argument("--seed", type=int,
                           default=random.SystemRandom().randrange(10**6))
    chosen = arguments.parse_args()
    print("seed %d" % chosen.seed, flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="premura-kill-loop-"))
    folder.chmod(0o755)
    servers = [harness.Kafka(folder / "kafka", "3.9.1"),
               RtDesk(harness.Rt(folder / "rt")) if chosen.desk == "rt" else
               WebhookDesk(folder / "hook"), harness.Mail(folder / "mail")]
    loops, kills = [], -(-chosen.kills // chosen.loops)
    try:
        for number in range(chosen.loops):
            own = folder / ("premura-%d" % number)
            own.mkdir()
            loops.append(KillLoop(*servers, own, chosen.seed + number,
                                  IN_KAFKA if chosen.state_in_kafka else ""))
            loops[-1].start(kills)
        with concurrent.futures.ThreadPoolExecutor(chosen.loops) as threads:
            list(threads.map(lambda loop: loop.go_on(kills), loops))
        found = sum((loop.faults(kills) for loop in loops), [])
        for loop in loops:
            assert loop.daemon.stop() == 0
    finally:
        for loop in loops:
            loop.daemon.close()
        for server in servers:
            server.close()
    print("\n".join(found + [loop.summary for loop in loops]
                    + ["in %s" % folder]))
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())

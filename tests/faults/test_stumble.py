# SPDX-License-Identifier: Apache-2.0
"""Every durable step of the daemon goes wrong: the process dies before or
after it, or the system says that it failed, the 1st, 2nd and 17th time. What
there is at the end, and what the rules still remember, must be what a run has
that nobody disturbed.
"""
import concurrent.futures
import functools
import itertools
import json
import os
import pathlib
import sqlite3
import subprocess
import urllib.request
import uuid

import configs
import harness
import pytest
from harness import SUPPORT, Script, now, rfc3339, timedelta, track

# What the program does durably, as stumble.c names it; how often at least.
STEPS = {
    "ledger: written": ("write,ledger.db-wal$", 17),
    "ledger: safe on disk": ("sync,ledger.db-wal$", 17),
    "checkpoint: written": ("write,/checkpoint/", 17),
    "checkpoint: safe on disk": ("sync,/checkpoint/", 17),
    "dead letter: written": ("write,dead-letters", 2),
    "dead letter: safe on disk": ("sync,dead-letters", 2),
    "ticket's file: written": ("write,/outbox/ticket/", 17),
    "ticket's file: safe on disk": ("sync,/outbox/ticket/", 17),
    "ticket's file: in its place": ("rename,/outbox/ticket/", 17),
    "webhook: sent": ("send,tcp:%(hook)s", 17),
}
# Of a ledger in PostgreSQL: from the first word to the server to the last.
SHARED = {"shared ledger: told": ("send,tcp:%(ledger)s", 170)}
# Of state in Kafka: all that is said to the broker, reading too.
MOVING = {"broker: told": ("send,tcp:%(kafka)s", 50)}
TIMES = [1, 2, 17, 50, 110, 170]
DEATHS = ["before", "after"]
# "+": until somebody sees to it.
FAILURES = ["EIO", "ENOSPC+"]

CUSTOMERS = ["c-%02d" % number for number in range(24)]
WAITING = CUSTOMERS[::4]  # They fail a third time only after all that.
RULES = configs.FAILURES.replace(
    "ticket: {template: repeated-failure-help}",
    "ticket: {template: repeated-failure-help, desk: desk}\n"
    "      - ticket: {template: repeated-failure-help, desk: hook}")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    path = tmp_path_factory.mktemp("stumble") / "stumble.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", path,
                    pathlib.Path(__file__).parent / "stumble.c", "-ldl"],
                   check=True)
    return path


@pytest.fixture(scope="module")
def hook(tmp_path_factory):
    script = Script("/usr/bin/python3", SUPPORT / "http_faults.py",
                    tmp_path_factory.mktemp("hook"))
    yield script.facts["url"]
    script.close()


def failures(customers, begin, number):
    for step, customer in enumerate(customers):
        event = track(customer, "action_failed", action="Import",
                      at=begin + timedelta(seconds=0.07 * step + number))
        event["messageId"] = "%s-%d" % (customer, number)
        yield event


class OwnLedger:
    port = 0

    def config(self, name):
        return ""

    def query(self, life, sql):
        return [list(map(str, row)) for row in configs.query(life, sql)]


class SharedLedger:
    def __init__(self, server):
        self.server, self.port = server, server.port

    # Locks are a database's: in one, all lives would wait for each other.
    @staticmethod
    def database(name):
        return "stumble_" + name.replace("-", "_")

    def config(self, name):
        self.server.query("create database " + self.database(name))
        return 'ledger: {url: "%s/%s", password_file: "%s"}\n' % (
            self.server.script.facts["url"], self.database(name),
            self.server.password_file)

    def query(self, life, sql):
        return self.server.query(sql, database=self.database(life.name))


class Life:
    """A daemon that reads a file as it was recorded, over three seconds."""

    begin = now() - timedelta(hours=1)

    def __init__(self, folder, hook, ledger, name):
        folder.mkdir()
        self.folder, self.hook, self.name = folder, hook, name
        self.ledger, self.complete = ledger, len(CUSTOMERS) - len(WAITING)
        (folder / "rules.yaml").write_text(RULES)
        (folder / "hook.secret").write_text("whsec_" + "a2V5" * 11 + "\n")
        (folder / "premura.yaml").write_text(self.source() + """
customer: user
tickets:
  desk: {type: file, directory: outbox}
  hook: {type: webhook, url: "%s/%s", secret_file: hook.secret}
http: {admin: {listen: "127.0.0.1:0"}}
""" % (hook, name) + ledger.config(name) + configs.rules("rules.yaml")
            + configs.SENDER + configs.QUICK)
        stream = sorted(
            itertools.chain(failures(CUSTOMERS, self.begin, 0),
                            failures(CUSTOMERS, self.begin, 1),
                            failures([name for name in CUSTOMERS
                                      if name not in WAITING], self.begin, 2)),
            key=lambda event: event["timestamp"])
        lines = [json.dumps(event) for event in stream]
        lines.insert(9, "no event at all")
        lines.insert(40, '{"type": "track", "event": "whose?"}')
        self.append(lines)

    def source(self):
        return """
sources:
  - file: {path: events.jsonl, speed: 1x}
    format: segment
state: {dir: state, checkpoint_every: 100ms}
"""

    def append(self, lines):
        with open(self.folder / "events.jsonl", "a") as file:
            file.write("".join(line + "\n" for line in lines))

    def run(self, library=None, plan=None):
        """Whether it ended as it should, and whether the plan was met."""
        stumbled = self.folder / "stumbled"
        environment = dict(os.environ)
        if plan:
            environment.update(LD_PRELOAD=str(library), STUMBLE=plan,
                               STUMBLED=str(stumbled))
        process = self.begin_run(environment, *self.options())
        try:
            if plan and plan.endswith("+"):
                self.see_to_it(process, stumbled)
            code = self.end_run(process)
        finally:
            process.kill()
        return code, stumbled.exists()

    def options(self):
        return ["--once"]

    def begin_run(self, environment=None, *options):
        with open(self.folder / "daemon.log", "ab") as log:
            return subprocess.Popen(
                [str(harness.PREMURA), "run", "-c", "premura.yaml", *options],
                cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=environment)

    def end_run(self, process):
        return process.wait(60)

    def see_to_it(self, process, stumbled):
        harness.eventually(
            lambda: stumbled.exists() or process.poll() is not None,
            "it stumbles", 30)
        # Long enough for it to be tried again, and fail again.
        for _ in range(10):
            try:
                process.wait(0.2)
            except subprocess.TimeoutExpired:
                pass
        self.found = stumbled.exists()
        if self.found:
            stumbled.rename(self.folder / "seen to")

    def finish(self):
        """The third failure of those who wait for it."""
        self.complete = len(CUSTOMERS)
        self.append(json.dumps(event) for event in
                    failures(WAITING, self.begin + timedelta(seconds=3), 3))

    def settle(self):
        """What was in doubt is repeated or asked for after half a minute."""
        if not self.open():
            return
        process = self.begin_run()
        try:
            harness.eventually(lambda: not self.open(), "all is sent", 60)
        finally:
            process.terminate()
            process.wait(30)

    def open(self):
        return self.ledger.query(
            self, "select key, state from deliveries where state != 'sent'")

    def result(self):
        rows = self.ledger.query(
            self, "select detection, customer, lane, state from deliveries")
        tickets = sorted(path.name for path in
                         (self.folder / "outbox/ticket").glob("*.txt"))
        text = (self.folder / "state/dead-letters.jsonl").read_text()
        return {"deliveries": sorted(map(tuple, rows)), "tickets": tickets,
                "hooks": self.hooks(),
                "letters": sorted({json.loads(line)["origin"].rsplit("/")[-1]
                                   for line in text.splitlines()})}

    def hooks(self):
        with urllib.request.urlopen(self.hook + "/log") as answer:
            log = json.load(answer)
        return sorted({one["headers"]["webhook-id"] for one in log
                       if one["path"] == "/" + self.name
                       and one["method"] == "POST"})


class MovingLife(Life):
    """One that reads a topic, with its state in another."""

    def __init__(self, kafka, *rest):
        self.kafka = kafka
        self.topic = kafka.create_topic("stumble-" + uuid.uuid4().hex[:8])
        super().__init__(*rest)

    def source(self):
        return configs.kafka_source(
            self.kafka, self.topic, "g-" + self.topic).replace(
                "customer: user\n", "") + (
                    "state: {dir: state, checkpoint_every: 100ms, kafka: {}}\n")

    def append(self, lines):
        self.kafka.produce(self.topic, [
            (json.loads(line)["userId"] if "userId" in line else "nobody")
            .encode() + b"\t" + line.encode() for line in lines])

    def options(self):
        return []

    def runs(self):
        return (self.folder / "daemon.log").read_text().count(
            "premura is running")

    def begin_run(self, *rest):
        log = self.folder / "daemon.log"
        self.goal = 1 + (self.runs() if log.exists() else 0)
        return super().begin_run(*rest)

    def end_run(self, process):
        harness.eventually(
            lambda: process.poll() is not None
            or self.runs() >= self.goal and self.is_done(),
            "all is found and sent", 90)
        process.terminate()
        return process.wait(60)

    def is_done(self):
        try:
            states = self.ledger.query(self, "select state from deliveries")
        except sqlite3.OperationalError:
            return False  # There is no ledger yet.
        return states == [["sent"]] * (2 * self.complete)


def lives(steps):
    for step, (where, most) in steps.items():
        for what in DEATHS + FAILURES:
            for times in TIMES:
                if times <= most:
                    yield "%s, %s, %d" % (step, what, times), where, times, what


def undisturbed(make_life, folder, hook, ledger):
    life = make_life(folder, hook, ledger, "undisturbed")
    assert life.run() == (0, False)
    life.finish()
    assert life.run() == (0, False)
    return life.result()


def live(make_life, ports, folder, hook, ledger, library, number, where, times,
         what):
    name = "life-%d" % number
    life = make_life(folder / name, hook, ledger, name)
    plan = "%s,%d,%s" % (where % ports, times, what)
    code, stumbled = life.run(library, plan)
    assert stumbled or what.endswith("+") and life.found, (
        "it never came to that; %s" % code)
    if code != 0:
        assert code == -9 or what not in DEATHS, code
        assert life.run()[0] == 0
    life.finish()
    assert life.run()[0] == 0
    life.settle()
    return code, life.result()


@pytest.mark.parametrize("steps", [STEPS, SHARED, MOVING],
                         ids=["own", "shared", "moving"])
def test_whatever_step_fails_the_end_is_the_same(
        library, hook, servers, tmp_path, steps):
    ledger = SharedLedger(servers.postgresql) if steps is SHARED else OwnLedger()
    ports = {"hook": hook.rsplit(":", 1)[1], "ledger": ledger.port}
    make_life = Life
    if steps is MOVING:
        kafka = servers.kafka("4.1.0")
        ports["kafka"] = kafka.port
        make_life = functools.partial(MovingLife, kafka)
    expected = undisturbed(make_life, tmp_path / "undisturbed", hook, ledger)
    assert len(expected["deliveries"]) == 2 * len(CUSTOMERS)
    wrong = []
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        tried = {pool.submit(live, make_life, ports, tmp_path, hook, ledger,
                             library, number, *how): name
                 for number, (name, *how) in enumerate(lives(steps))}
        for done in concurrent.futures.as_completed(tried):
            try:
                code, result = done.result()
            except (AssertionError, subprocess.TimeoutExpired) as problem:
                wrong.append("%s: %s" % (tried[done], problem))
                continue
            wrong += ["%s (code %s): %s: %s" % (
                tried[done], code, key,
                sorted(set(result[key]) ^ set(expected[key])))
                for key in expected if result[key] != expected[key]]
    assert not wrong, "\n".join(wrong)

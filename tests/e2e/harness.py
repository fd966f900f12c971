# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share: real servers, the real binary, and waiting
for something to become true instead of sleeping.

Servers are the scripts of tests/support/: each says "ready name=value .." and
ends when its standard input closes.
"""
import email
import email.policy
import imaplib
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from datetime import datetime, timedelta, timezone

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUPPORT = ROOT / "tests/support"
sys.path.insert(0, str(SUPPORT))
from ports import free_ports  # noqa: E402

PREMURA = pathlib.Path(
    os.environ.get("PREMURA_BINARY", ROOT / "build/release/premura"))
LIBRARY = ROOT / "rules/library"


def eventually(probe, what, seconds=30.0):
    """Asks until the answer is true; returns it."""
    deadline = time.monotonic() + seconds
    while True:
        answer = probe()
        if answer:
            return answer
        assert time.monotonic() < deadline, (
            "not within %g s: %s; last answer %r" % (seconds, what, answer))
        time.sleep(0.05)


class Script:
    """A server script of tests/support/."""

    def __init__(self, *command, environment=None, log=None, wait=True):
        self.log = open(log or os.devnull, "ab")
        self.process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
            env={**os.environ, **(environment or {})})
        self.name = "%s, see %s" % (command, log)
        if wait:
            self.await_ready()

    def await_ready(self):
        line = self.process.stdout.readline().decode()
        assert line.startswith("ready"), (
            "%s did not start: %r" % (self.name, line))
        self.facts = dict(
            word.split("=", 1) for word in line.split()[1:] if "=" in word)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


# --- Events -----------------------------------------------------------------

def now():
    return datetime.now(timezone.utc)


def rfc3339(instant):
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (
        instant.microsecond // 1000)


def segment(kind, user, at=None, **fields):
    """An event as analytics.js and analytics-node put it on the wire."""
    at = at or now()
    event = {
        "type": kind, "userId": user, "anonymousId": str(uuid.uuid4()),
        "messageId": "ajs-next-" + str(uuid.uuid4()),
        "context": {
            "library": {"name": "analytics.js", "version": "npm:next-1.70.0"},
            "ip": "203.0.113.7", "locale": "en-GB",
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"},
        "integrations": {}, "channel": "client", "version": 2,
        "originalTimestamp": rfc3339(at), "timestamp": rfc3339(at),
        "sentAt": rfc3339(at + timedelta(milliseconds=40)),
        "receivedAt": rfc3339(at + timedelta(milliseconds=210)),
    }
    event.update(fields)
    return event


def track(user, name, at=None, **properties):
    return segment("track", user, at, event=name, properties=properties)


def page(user, path, name="Billing", at=None):
    return segment("page", user, at, name=name, properties={
        "path": path, "title": name, "referrer": "",
        "url": "https://app.example.test" + path})


def billing_loop(user, end=None):
    """Four visits to the billing pages within three minutes."""
    end = end or now()
    return [page(user, "/billing/card", at=end - timedelta(minutes=3 - step))
            for step in range(4)]


# --- Servers ----------------------------------------------------------------

class Server:
    script = None

    def close(self):
        self.script.close()


def kafka_text(value):
    return struct.pack(">h", len(value)) + value.encode()


class Kafka(Server):
    """A broker. Records are produced with kcat."""

    def __init__(self, folder, version, environment=None):
        self.folder, self.version, self.port = folder, version, free_ports(3)
        self.environment = {"KEEP": "1", **(environment or {})}
        self.broker = "127.0.0.1:%d" % self.port
        self.start()

    def start(self):
        self.script = Script(SUPPORT / "kafka-up.sh", self.folder, self.port,
                             self.version, log=str(self.folder) + ".log",
                             environment=self.environment)

    def kill(self):
        """As a crash would. start() goes on with the same data."""
        os.kill(int(self.script.facts["pid"]), signal.SIGKILL)
        self.close()

    def ask(self, kind, version, body):
        """The answer to a request of Kafka's protocol, behind its header."""
        request = (struct.pack(">hhi", kind, version, 1)
                   + kafka_text("premura-tests") + body)
        with socket.create_connection(("127.0.0.1", self.port), 10) as link:
            link.settimeout(15)
            link.sendall(struct.pack(">i", len(request)) + request)
            with link.makefile("rb") as answers:
                size, = struct.unpack(">i", answers.read(4))
                return answers.read(size)[4:]

    def create_topic(self, topic, partitions=3, copies=1, **settings):
        # CreateTopics: one topic, no assignments.
        answer = self.ask(
            19, 2, struct.pack(">i", 1) + kafka_text(topic)
            + struct.pack(">ihii", partitions, copies, 0, len(settings))
            + b"".join(kafka_text(name.replace("_", ".")) + kafka_text(value)
                       for name, value in settings.items())
            + struct.pack(">i?", 10000, False))
        name = answer.index(topic.encode()) + len(topic)
        code, = struct.unpack(">h", answer[name:name + 2])
        assert code == 0, "topic %s: error %d" % (topic, code)
        return topic

    def delete_topic(self, topic):
        # DeleteTopics: (throttled for, how many, name, error).
        answer = self.ask(20, 1, struct.pack(">i", 1) + kafka_text(topic)
                          + struct.pack(">i", 10000))
        code, = struct.unpack(">h", answer[-2:])
        assert code == 0, "topic %s: error %d" % (topic, code)

    def allow(self, rights):
        """ACLs: (user, kind, name, whether it is a prefix, operation)."""
        kinds = {"topic": 2, "group": 3, "transactional": 5}
        operations = {"read": 3, "write": 4, "create": 5, "describe": 8}
        # CreateAcls, allowed (3) from all hosts; literal is 3, a prefix 4.
        answer = self.ask(30, 1, struct.pack(">i", len(rights)) + b"".join(
            struct.pack(">b", kinds[kind]) + kafka_text(name)
            + struct.pack(">b", 4 if prefix else 3)
            + kafka_text("User:" + user) + kafka_text("*")
            + struct.pack(">bb", operations[operation], 3)
            for user, kind, name, prefix, operation in rights))
        # (throttled for, how many, of each: error 0, no words)
        assert answer[8:] in (struct.pack(">hh", 0, no_words) * len(rights)
                              for no_words in (0, -1)), answer

    def produce(self, topic, records, key=lambda record: record["userId"]):
        """Dicts become JSON, keyed by customer; bytes go as they are."""
        lines = b"".join(
            (record if isinstance(record, bytes) else
             key(record).encode() + b"\t" + json.dumps(record).encode()) + b"\n"
            for record in records)
        run = subprocess.run(
            ["kcat", "-P", "-b", self.broker, "-t", topic, "-K", "\t",
             "-X", "message.timeout.ms=20000"],
            input=lines, capture_output=True)
        assert run.returncode == 0, run.stderr


class KafkaCluster(Kafka):
    """Three brokers, each on a machine of its own, as it were."""

    def __init__(self, folder, version):
        self.folder, self.version = pathlib.Path(folder), version
        self.folder.mkdir()
        first = free_ports(6)
        self.ports = [first, first + 2, first + 4]
        self.port = first
        self.broker = ",".join("127.0.0.1:%d" % port for port in self.ports)
        self.scripts = {}
        for port in self.ports:
            self.begin(port)
        for script in self.scripts.values():
            script.await_ready()

    def begin(self, port):
        self.scripts[port] = Script(
            SUPPORT / "kafka-up.sh", self.folder / str(port), port,
            self.version, *self.ports, wait=False,
            log=str(self.folder / str(port)) + ".log",
            environment={"KEEP": "1"})

    def restart(self, port, how):
        """Ends one by that signal, then starts it again."""
        pid = int(self.scripts[port].facts["pid"])
        os.kill(pid, how)
        eventually(lambda: not pathlib.Path("/proc/%d" % pid).exists(),
                   "the broker is gone", 60)
        self.scripts[port].close()
        self.begin(port)
        self.scripts[port].await_ready()

    def close(self):
        for script in self.scripts.values():
            script.close()


class Rt(Server):
    def __init__(self, folder):
        self.script = Script(SUPPORT / "rt-up.sh", folder, free_ports(),
                             log=str(folder) + ".log")
        self.url = self.script.facts["url"]
        self.token_file = self.script.facts["token_file"]
        self.token = pathlib.Path(self.token_file).read_text().strip()

    def get(self, path):
        request = urllib.request.Request(
            self.url + "/REST/2.0" + path,
            headers={"Authorization": "token " + self.token})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def search(self, query, per_page=100):
        return self.get("/tickets?per_page=%d&query=%s" % (
            per_page, urllib.parse.quote(query)))

    def count(self, query):
        return self.search(query, per_page=1)["total"]

    def tickets(self, query):
        """All that the query finds: id -> ticket, in full."""
        found = self.search(query)
        assert found["total"] <= 100
        return {item["id"]: self.get("/ticket/%s" % item["id"])
                for item in found["items"]}

    def subjects(self, query):
        """Of all that the query finds."""
        found = []
        while True:
            page = self.get("/tickets?fields=Subject&per_page=100&page=%d"
                            "&query=%s" % (len(found) // 100 + 1,
                                           urllib.parse.quote(query)))
            found += [item["Subject"] for item in page["items"]]
            if len(page["items"]) < 100:
                return found

    def queue_of(self, ticket):
        return self.get("/queue/%s" % ticket["Queue"]["id"])["Name"]

    def first_text(self, ticket):
        """What the ticket was created with."""
        history = self.get("/ticket/%s/history?fields=Type" % ticket)
        created = next(item for item in history["items"]
                       if item["Type"] == "Create")
        attachments = self.get(
            "/transaction/%s/attachments?fields=Content,ContentType"
            % created["id"])
        return "\n".join(item["Content"] for item in attachments["items"]
                         if item.get("Content"))


def field_of(ticket, name):
    return next((field["values"][0] for field in ticket["CustomFields"]
                 if field["name"] == name and field["values"]), None)


class Redmine(Server):
    def __init__(self, folder):
        self.script = Script(SUPPORT / "redmine-up.sh", folder, free_ports(),
                             log=str(folder) + ".log")
        self.url = self.script.facts["url"]
        self.key_file = self.script.facts["key_file"]

    def issues(self):
        key = pathlib.Path(self.key_file).read_text().strip()
        request = urllib.request.Request(
            self.url + "/issues.json?status_id=*&limit=100",
            headers={"X-Redmine-API-Key": key})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["issues"]


class Mail(Server):
    def __init__(self, folder):
        self.script = Script(SUPPORT / "mail-up.sh", folder, free_ports(3),
                             log=str(folder) + ".log")
        facts = self.script.facts
        self.smtp, self.imap = int(facts["smtp"]), int(facts["imap"])
        self.ca = facts["ca"]
        self.log_path = pathlib.Path(folder) / "maillog"

    def count_in_log(self, words):
        return self.log_path.read_text("utf-8", "replace").count(words)

    def inbox(self, user, which="ALL"):
        """Mails of the user, fetched by IMAP and parsed."""
        context = ssl.create_default_context(cafile=self.ca)
        with imaplib.IMAP4("localhost", self.imap) as inbox:
            inbox.starttls(context)
            inbox.login(user, "mailpw")
            inbox.select("INBOX")
            numbers = inbox.search(None, which)[1][0].split()
            return [email.message_from_bytes(
                inbox.fetch(number, "(RFC822)")[1][0][1],
                policy=email.policy.default) for number in numbers]


class Postgresql(Server):
    """A server that can go away and come back with the same data."""

    def __init__(self, folder):
        self.folder, self.port = pathlib.Path(folder), free_ports()
        self.start()
        self.url = self.script.facts["url"] + "/premura"
        self.password_file = self.script.facts["password_file"]

    def start(self):
        self.script = Script(SUPPORT / "postgres-up.sh", self.folder, self.port,
                             log=str(self.folder) + ".log",
                             environment={"KEEP": "1"})

    def kill(self):
        """As a crash would."""
        os.kill(int(self.script.facts["pid"]), signal.SIGQUIT)
        self.close()

    def query(self, sql, schema="public", database="premura"):
        """Rows, as lists of texts."""
        password = pathlib.Path(self.password_file).read_text().strip()
        run = subprocess.run(
            ["psql", "-XAtq", "-F", "\t", "-h", "127.0.0.1", "-p",
             str(self.port), "-U", "premura", "-d", database, "-c", sql],
            capture_output=True, text=True, check=True,
            env={**os.environ, "PGPASSWORD": password,
                 "PGOPTIONS": "-csearch_path=" + schema})
        return [line.split("\t") for line in run.stdout.splitlines()]


class Kannel(Server):
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.script = Script(SUPPORT / "kannel-up.sh", folder, free_ports(4),
                             log=str(folder) + ".log")
        self.url = self.script.facts["url"]
        self.sent = pathlib.Path(self.script.facts["sent"])

    def messages(self):
        """(sender, receiver, text) of each SMS that reached the SMSC."""
        if not self.sent.exists():
            return []
        lines = self.sent.read_text("utf-8", "replace").splitlines()
        return [tuple(line.split(" ", 3)[i] for i in (0, 1, 3))
                for line in lines if line.count(" ") >= 3]


# --- The binary -------------------------------------------------------------

class Daemon:
    """`premura run` on a configuration in a folder of its own."""

    def __init__(self, folder, config, binary=None):
        self.folder = pathlib.Path(folder)
        self.binary = binary or PREMURA
        self.port = free_ports()
        self.config = self.folder / "premura.yaml"
        self.config.write_text(
            config + '\nhttp: {admin: {listen: "127.0.0.1:%d"}}\n' % self.port)
        self.log_path = self.folder / "daemon.log"
        self.process = None
        self.environment = {}  # Beside the test's own.

    def start(self, ready=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(self.binary), "run", "-c", str(self.config)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={**os.environ, **self.environment})
        if ready:
            eventually(self.is_ready, "premura is ready", 30)
        return self

    def log(self):
        return self.log_path.read_text("utf-8", "replace")

    def get(self, path):
        try:
            with urllib.request.urlopen(
                    "http://127.0.0.1:%d%s" % (self.port, path),
                    timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return None, ""

    def is_ready(self):
        code = self.process.poll()
        assert code is None, "premura ended with %s:\n%s" % (
            code, self.log()[-3000:])
        return self.get("/readyz")[0] == 200

    def metric(self, name, **labels):
        """The sum over all series of this name that have these labels."""
        total = None
        for line in self.get("/metrics")[1].splitlines():
            match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)( \d+)?", line)
            if not match or match[1] != name:
                continue
            has = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
            if all(has.get(key) == value for key, value in labels.items()):
                total = (total or 0.0) + float(match[3])
        return total

    def kill(self):
        """As a crash would: no chance to tidy up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, seconds=60):
        """Asks it to end and returns its exit code."""
        self.process.terminate()
        return self.process.wait(seconds)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def command(self, *arguments, check=True):
        return premura(*arguments, "-c", str(self.config), check=check,
                       binary=self.binary)

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()


def premura(*arguments, check=True, stdin=None, binary=None):
    run = subprocess.run(
        [str(binary or PREMURA), *map(str, arguments)], capture_output=True, text=True,
        timeout=120, input=stdin)
    if check:
        assert run.returncode == 0, run.stdout + run.stderr
    return run

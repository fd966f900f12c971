# SPDX-License-Identifier: Apache-2.0
"""Three instances of `premura run` with `state.kafka` under a stream of 20,000
events a second; one after the other is killed, leaves, sleeps beyond its
session and comes back. Says what became of the customers.

usage: members.py [--seconds 600] [--rate 20000] [--kafka 4.1.0] [--seed N]

Every customer who failed three times has exactly one ticket, and nobody else
has one: not who failed twice and was counted again. After a kill or a pause
all partitions are served again within 30 s.
"""
import argparse
import contextlib
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import types
import uuid

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "e2e"))
import configs  # noqa: E402
import harness  # noqa: E402
from harness import eventually  # noqa: E402
from group import PARTITIONS, Group  # noqa: E402

# Gives those who are well a state that moves too.
RULES = configs.FAILURES + """
  - id: comes-back
    title: Keeps coming back to one page
    detect: {event_count: {event: page_viewed, group_by: path, gte: 1000, within: 2s}}
    actions: [{ticket: {template: repeated-failure-help}}]
"""
SERVED_WITHIN = 30
NAMES = ("one", "two", "three")


class Stream:
    """steady_stream.c, built and run."""

    def __init__(self, folder, broker, topic, rate, seconds, seed):
        program = folder / "steady_stream"
        subprocess.run(["cc", "-O2", "-o", program,
                        FOLDER / "steady_stream.c", "-lrdkafka"], check=True)
        self.tag = "m" + uuid.uuid4().hex[:5]
        self.out = folder / "stream.log"
        with open(self.out, "wb") as out:
            self.process = subprocess.Popen(
                list(map(str, (program, broker, topic, rate, seconds, self.tag,
                               seed))),
                stdout=out, stderr=subprocess.STDOUT)

    def runs(self):
        return self.process.poll() is None

    def lines(self):
        return self.out.read_text().splitlines()

    def rate(self):
        """Events a second, over all of it, and the slowest ten seconds."""
        _, events, seconds = self.lines()[-1].split()
        totals = [0] + [int(line.split()[0]) for line in self.lines()[:-1]]
        return (int(events) / float(seconds),
                min(b - a for a, b in zip(totals, totals[10:])) / 10)

    def come_to_its_end(self):
        self.process.terminate()

    def close(self):
        self.process.kill()
        self.process.wait()


class Members:
    def __init__(self, servers, start, folder, version, rate, seconds, seed):
        self.random = random.Random(seed)
        self.group = Group(servers, start, folder, version, RULES)
        self.group.every = "1s"
        for name in NAMES:
            self.group.join(name)
        self.all = list(self.group.members.values())
        self.group.await_served()
        self.served_after, self.done = [], []
        self.stream = Stream(folder, self.group.kafka.broker, self.group.topic,
                             rate, seconds, seed)

    # --- What happens to a member ---------------------------------------------

    def kill(self):
        """SIGKILL: the others take its partitions over, and it comes back."""
        with self.without(self.any()) as member:
            member.kill()
            self.served_after.append(self.group.await_served(90))
        member.start()

    def leave(self):
        """SIGTERM, and away for longer than a session."""
        with self.without(self.any()) as member:
            assert member.stop() == 0
            self.group.await_served()
        member.start()

    def restart(self):
        """SIGTERM, and back within it."""
        with self.without(self.any()) as member:
            assert member.stop() == 0
        member.start()

    def pause(self):
        """SIGSTOP until others have its partitions, and SIGCONT. It joins
        again, or ends to be started again."""
        with self.without(self.any()) as member:
            member.process.send_signal(signal.SIGSTOP)
            try:
                self.served_after.append(self.group.await_served(90))
            finally:
                member.process.send_signal(signal.SIGCONT)
        eventually(lambda: member.process.poll() is not None or
                   self.group.served() == PARTITIONS, "back or gone", 60)
        if member.process.poll() is not None:
            member.start()

    def any(self):
        return self.random.choice(sorted(self.group.members))

    @contextlib.contextmanager
    def without(self, name):
        member = self.group.members.pop(name)
        yield member
        self.group.members[name] = member

    def go_through(self, happenings):
        """One after the other while the stream lasts."""
        for happening in happenings:
            if not self.stream.runs():
                return
            print("second %d: %s" % (len(self.stream.lines()),
                                     happening.__name__), flush=True)
            happening()
            self.done.append(happening.__name__)
            self.group.await_served()

    def endlessly(self):
        while True:
            time.sleep(self.random.uniform(0, 8))  # It chooses the instant.
            yield self.random.choice(
                [self.kill, self.leave, self.restart, self.pause])

    # --- What came of it ------------------------------------------------------

    def failed(self):
        """Those of whom the stream has told three failures."""
        seconds = len(self.stream.lines()) - 1
        return ["%s-f-%06d" % (self.stream.tag, number)
                for number in range(5 * max(0, seconds - 24))]

    def ticketed(self):
        """One for each ticket of any instance."""
        return sorted(re.search(self.stream.tag + r"-\w-\d+", text)[0]
                      for member in self.all
                      for text in configs.file_tickets(member))

    def await_end(self):
        eventually(lambda: not self.stream.runs(), "the stream ends", 600)
        assert self.stream.process.returncode == 0, self.stream.lines()[-3:]
        self.group.await_served()
        produced = int(self.stream.lines()[-1].split()[1])
        begun = time.monotonic()
        eventually(lambda: sum(member.metric("premura_source_lag_records") or 0
                               for member in self.all) == 0, "all read", 120)
        eventually(lambda: len(self.ticketed()) >= len(self.failed()),
                   "all tickets", 120)
        self.behind = time.monotonic() - begun
        whole, slowest = self.stream.rate()
        self.summary = (
            "%d events at %.0f/s (%.0f/s in the slowest ten seconds); %s; served"
            " again %s s after a kill or a pause; the end was read after %.1f s; %d of %d"
            " tickets" % (produced, whole, slowest, ", ".join(self.done),
                          " ".join("%.1f" % took for took in self.served_after),
                          self.behind, len(self.ticketed()),
                          len(self.failed())))

    def faults(self):
        found = ["not served for %.1f s" % took for took in self.served_after
                 if took > SERVED_WITHIN]
        tickets, failed = self.ticketed(), self.failed()
        if tickets != failed:
            found += ["without a ticket: %s" % sorted(
                set(failed) - set(tickets))[:9]]
            found += ["not to have one, or not two: %s" % [
                name for name in tickets
                if name not in failed or tickets.count(name) > 1][:9]]
        for metric in ("premura_state_lost_total", "premura_torn",
                       "premura_refused_total"):
            if any(member.metric(metric) for member in self.all):
                found.append("%s is not 0" % metric)
        return found


class Servers(types.SimpleNamespace):
    """What the tests have as a fixture."""

    def kafka(self, version):
        return self.broker


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--seconds", type=int, default=600)
    arguments.add_argument("--rate", type=int, default=20000)
    arguments.add_argument("--kafka", default="4.1.0")
    arguments.add_argument("--seed", type=int,
                           default=random.SystemRandom().randrange(10**6))
    chosen = arguments.parse_args()
    print("seed %d" % chosen.seed, flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="premura-members-"))
    folder.chmod(0o755)
    servers = Servers(broker=harness.Kafka(folder / "kafka", chosen.kafka),
                      postgresql=harness.Postgresql(folder / "ledger"))
    daemons = []

    def start(config, own):
        daemons.append(harness.Daemon(own, config))
        return daemons[-1].start()
    try:
        members = Members(servers, start, folder, chosen.kafka, chosen.rate,
                          chosen.seconds, chosen.seed)
        try:
            members.go_through(members.endlessly())
            members.await_end()
        finally:
            members.stream.close()
        found = members.faults()
        stopped = [daemon.stop() for daemon in daemons]
    finally:
        for daemon in daemons:
            daemon.close()
        servers.broker.close()
        servers.postgresql.close()
    print("\n".join(found + [members.summary, "in %s" % folder]))
    return bool(found) or any(stopped)


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""An instance that is frozen in the middle of its calls for longer than its
lease, and wakes up when another has done its work."""
import json
import os
import signal
import urllib.request
import uuid

import configs
import harness
from harness import eventually

RULES = """version: 1
rules:
  - id: three-failures
    title: Fails again and again
    level: high
    detect:
      event_count: {event: action_failed, gte: 3, within: 10m}
    actions:
      - ticket: {template: repeated-failure-help, desk: hook}
      - ticket: {template: repeated-failure-help, desk: rt}
"""
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Faults:
    """tests/support/http_faults.py"""

    def __init__(self, folder, *more):
        self.script = harness.Script(
            "/usr/bin/python3", harness.SUPPORT / "http_faults.py", folder,
            *more)
        self.url = self.script.facts["url"]

    def call(self, path, body=None):
        request = urllib.request.Request(
            self.url + path, None if body is None else
            json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def requests(self, method, path=""):
        return [one for one in self.call("/log")
                if one["method"] == method and path in one["path"]]


def test_a_sender_that_slept_beyond_its_lease_does_nothing_more(
        servers, start, tmp_path):
    server, rt = servers.postgresql, servers.rt
    schema = "frozen_" + uuid.uuid4().hex[:8]
    ledger = configs.postgresql_ledger(server, schema).replace(
        "ledger: {", "ledger: {lease: 10s, ")
    hook = Faults(tmp_path / "hook")
    desk = Faults(tmp_path / "desk", "--upstream", rt.url)
    # The webhook has its effect, and the answer does not come; RT is asked
    # whether there is a ticket, and would be told to make one.
    hook.call("/plan", [{"status": 200, "act": "hold"}, {"status": 200}])
    desk.call("/plan", [{}, {"act": "hold"}, {}])

    def instance(name, events):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "rules.yaml").write_text(RULES)
        (folder / "hook.secret").write_text(SECRET + "\n")
        (folder / "events.jsonl").write_text(
            "".join(json.dumps(event) + "\n" for event in events))
        rt_desk = configs.rt_desk(rt).replace(rt.url, desk.url)
        return start(
            "sources: [{file: {path: events.jsonl}, format: segment}]\n"
            "customer: user\nstate: {dir: state}\n"
            + configs.rules("rules.yaml") + ledger + rt_desk
            + '  hook: {type: webhook, url: "%s/hook", secret_file: hook.secret}\n'
            % hook.url + configs.SENDER + configs.QUICK, folder)

    def attempts(number):
        return server.query(
            "select d.lane, a.verdict, a.detail from attempts a join deliveries"
            " d on d.key = a.delivery where a.number = %d order by 1" % number,
            schema)

    user = "u-" + uuid.uuid4().hex[:8]
    first = instance("first", [
        harness.track(user, "action_failed", action="Import")
        for _ in range(3)])
    eventually(lambda: hook.requests("POST", "/hook") and
               desk.requests("GET", "/tickets"), "both calls are under way")
    os.kill(first.process.pid, signal.SIGSTOP)
    # The answers lie in its sockets, to be read when it wakes up.
    hook.call("/release", {})
    desk.call("/release", {})
    second = instance("second", [
        harness.track("u-somebody-else", "signed_in")])
    assert server.query("select state, count(*) from deliveries group by 1",
                        schema) == [["sending", "2"]]

    eventually(lambda: server.query(
        "select state, count(*) from deliveries group by 1", schema)
        == [["sent", "2"]], "the other takes over, asks, and sends", 75)
    assert {owner for owner, in server.query(
        "select owner from deliveries", schema)} == {
            (tmp_path / "second/state/lock").read_text().strip()}
    os.kill(first.process.pid, signal.SIGCONT)
    # It has written down what became of its calls: their time was over. (The
    # other had written that their instance was gone.)
    def own_words():
        return [(lane, verdict) for lane, verdict, detail in attempts(1)
                if "timed out" in detail or "no time was left" in detail]
    eventually(lambda: own_words() == [
        ("ticket:hook", "unknown"), ("ticket:rt", "retry")],
        "the first has woken up")

    assert len(desk.requests("POST", "/ticket")) == 1
    (key,), = server.query(
        "select key from deliveries where lane = 'ticket:rt'", schema)
    assert rt.count("'CF.{Premura Key}' = '%s'" % key) == 1
    posts = hook.requests("POST", "/hook")
    ids = {one["headers"]["webhook-id"] for one in posts}
    assert len(posts) == 2 and len(ids) == 1, "one for a receiver that honours it"
    assert server.query("select state, count(*) from deliveries group by 1",
                        schema) == [["sent", "2"]]
    # It is one of them again.
    eventually(lambda: server.query("select count(*) from instances", schema)
               == [["2"]], "it beats again")
    for daemon in (first, second):
        assert daemon.stop() == 0
    hook.script.close()
    desk.script.close()

# SPDX-License-Identifier: Apache-2.0
"""Real receivers behind proxies that break what passes: one customer for each
fault of each channel, all failing at once. What became of each is compared
with what README promises of its channel.
"""
import base64
import collections
import json
import urllib.request

import configs
import harness
from harness import SUPPORT, Script, eventually, track

# As http_fault_proxy.py has them. After these nobody knows: what is left in doubt
# at a channel that can neither be asked nor told, and how often it arrived.
DOUBTS = {"hang": 1, "cut": 1, "half": 1, "error": 1, "working": 1,
          "refuse": 0}
SURE = ["late", "busy", "none"]
# As smtp_sink.py has them: by the recipient's address.
MAIL_DOUBTS = ["drop", "hang", "part"]
MAIL_SURE = ["greylist", "fine"]

RULE = """
  - id: {0}
    title: Fails again and again
    detect: {{event_count: {{event: {0}_failed, gte: 2, within: 10m}}}}
    cooldown: 1d
    actions: [{1}]
"""
ACTIONS = {"rt": "ticket: {template: fault, desk: rt}",
           "redmine": "ticket: {template: fault, desk: redmine}",
           "hook": "ticket: {template: fault, desk: hook}",
           "sms": "sms: {template: fault}",
           "email": "email: {template: fault}"}

TEMPLATE = """
why: You get this because something failed twice.
ticket:
  subject: "{{rule.title}}: {{customer.id}}"
  text: "Customer {{customer.id}} fails again and again."
sms: "Example: we have seen it, {{customer.id}}. Call {{sender.phone}}. STOP to opt out"
email:
  subject: "We have seen it"
  text: "About {{customer.id}}: we are looking into it."
"""


def customers_of(channel):
    if channel == "email":
        return ["mail-" + fault for fault in MAIL_DOUBTS + MAIL_SURE]
    faults = list(DOUBTS) + SURE + ["lie", "down"]
    return ["fault-%s-%s" % (fault, channel) for fault in faults]


class World:
    """Five real receivers, each with something unreliable before it."""

    def __init__(self, servers, folder):
        self.servers, self.folder, self.scripts = servers, folder, []
        self.webhook = self.script("http_faults.py", folder / "webhook")
        kannel = servers.kannel.url.rsplit("/cgi-bin", 1)[0]
        self.proxies = {
            "rt": self.proxy("rt", servers.rt.url, "--tls"),
            "redmine": self.proxy("redmine", servers.redmine.url),
            "hook": self.proxy("hook", self.webhook["url"], "--tls"),
            "sms": self.proxy("sms", kannel)}
        self.smtp = self.script(
            "smtp_sink.py", folder / "smtp", "--upstream=%d:%s" % (
                servers.mail.smtp, servers.mail.ca))

    def script(self, name, folder, *options):
        script = Script("/usr/bin/python3", SUPPORT / name, folder, *options,
                        log=str(folder) + ".log")
        self.scripts.append(script)
        return script.facts

    def proxy(self, name, url, *options):
        return self.script("http_fault_proxy.py", self.folder / name, url,
                           *options)["url"].replace("127.0.0.1", "localhost")

    def close(self):
        for script in self.scripts:
            script.close()

    def config(self):
        servers, folder = self.servers, self.folder
        (folder / "hook.secret").write_text(
            "whsec_" + base64.b64encode(b"k" * 32).decode() + "\n")
        desks = """
tickets:
  rt: {type: rt, url: "%s", token_file: "%s", queue: Support, name: example.test, ca: rt/cert.pem}
  redmine: {type: redmine, url: "%s", key_file: "%s", project: support}
  hook: {type: webhook, url: "%s/hook", secret_file: hook.secret, ca: hook/cert.pem}
""" % (self.proxies["rt"], servers.rt.token_file, self.proxies["redmine"],
            servers.redmine.key_file, self.proxies["hook"])
        smtp = type("Smtp", (), {"smtp": int(self.smtp["smtp"]),
                                 "ca": self.smtp["ca"]})
        sms = type("Sms", (), {"folder": servers.kannel.folder,
                               "url": self.proxies["sms"] + "/cgi-bin/sendsms"})
        return ("sources:\n  - file: {path: events.jsonl}\n    format: segment\n"
                "customer: user\nstate: {dir: state}\n"
                "profiles: {files: [customers.csv]}\n"
                "rules: [rules.yaml]\ntemplates: [templates]\n"
                + desks + configs.email(smtp, folder) + configs.sms(sms, folder)
                + configs.SENDER + configs.QUICK)

    def write(self):
        folder = self.folder
        (folder / "templates").mkdir()
        (folder / "templates/fault.en.yaml").write_text(TEMPLATE)
        (folder / "templates/_standard.en.yaml").write_text(
            "signature: '{{sender.name}}, {{sender.phone}}'\nfooter: '{{why}} Answer STOP to stop.'\n")
        (folder / "rules.yaml").write_text(
            "version: 1\nrules:" + "".join(
                RULE.format(*both) for both in ACTIONS.items()))
        people, events = ["customer,email,phone,consent.sms"], []
        for channel in ACTIONS:
            for number, name in enumerate(customers_of(channel)):
                people.append("%s,jane+%s@acme.example,+39333000%04d,yes" % (
                    name, name.removeprefix("mail-"), number))
                events += [track(name, channel + "_failed")] * 2
        (folder / "customers.csv").write_text("\n".join(people) + "\n")
        for number, event in enumerate(events):
            event = dict(event, messageId="m%d" % number)
            with open(folder / "events.jsonl", "a") as file:
                file.write(json.dumps(event) + "\n")

    # --- What arrived ---------------------------------------------------------

    def arrived(self, channel):
        """customer -> how often the receiver itself has it."""
        names = customers_of(channel)
        texts = getattr(self, "texts_of_" + channel)()
        return {name: sum(name.removeprefix("mail-") in text for text in texts)
                for name in names}

    def texts_of_rt(self):
        return self.servers.rt.subjects("Subject LIKE 'fault-'")

    def texts_of_redmine(self):
        return [issue["subject"] for issue in self.servers.redmine.issues()]

    def texts_of_hook(self):
        with urllib.request.urlopen(self.webhook["url"] + "/log") as answer:
            self.hooks = [one for one in json.load(answer)
                          if one["method"] == "POST"]
        # A receiver that honours the id takes each once.
        return list({one["headers"]["webhook-id"]: one["body"]
                     for one in self.hooks}.values())

    def texts_of_sms(self):
        return [text for _, _, text in self.servers.kannel.messages()]

    def texts_of_email(self):
        return [mail["To"] for mail in self.servers.mail.inbox("jane")]


def states(daemon):
    return dict(configs.query(
        daemon, "select customer, state || ' ' || reason from deliveries"))


def expected(customer):
    """(how often it arrived, the ledger's word)"""
    kind, fault, *channel = customer.split("-")
    if kind == "mail":
        return 1, ("unknown" if fault in MAIL_DOUBTS else "sent")
    if fault == "lie" and channel == ["hook"]:
        return 0, "sent"  # Any 2xx is a receiver's word.
    if channel != ["sms"]:
        return 1, "sent"
    return (DOUBTS.get(fault, 1), "unknown" if fault in DOUBTS else "sent")


def test_receivers_behind_a_network_that_breaks(servers, start, tmp_path):
    world = World(servers, tmp_path)
    try:
        world.write()
        daemon = start(world.config())
        everybody = [name for channel in ACTIONS
                     for name in customers_of(channel)]

        def differences():
            seen = states(daemon)
            counts = collections.ChainMap(
                *[world.arrived(channel) for channel in ACTIONS])
            return ["%s: %d, %s" % (name, counts[name], seen.get(name))
                    for name in everybody
                    if (counts[name], (seen.get(name) or "none").split()[0])
                    != expected(name)]
        try:
            eventually(lambda: not differences(), "all as promised", 200)
        except AssertionError:
            print("\n".join(differences()))
            print((tmp_path / "smtp.log").read_text())
            print(servers.mail.log_path.read_text("utf-8", "replace"))
            raise
        assert daemon.stop() == 0
    finally:
        world.close()

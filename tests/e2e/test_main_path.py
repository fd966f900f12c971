# SPDX-License-Identifier: Apache-2.0
"""Events of a real SDK's shape into Kafka; a rule fires; ticket, mail and SMS
are where they belong, and read as they should."""
import uuid

import pytest

import configs
import harness
from harness import eventually

RULE = """version: 1
rules:
  - id: billing-page-loop
    title: Keeps coming back to the billing pages
    level: medium
    phase: buy
    detect:
      event_count:
        where: {"event|startswith": page, "path|startswith": /billing}
        gte: 4
        within: 15m
    cooldown: 7d
    article: how-to-pay-by-card
    actions:
      - ticket: {template: billing-help, priority: high}
      - email: {template: billing-help}
      - sms: {template: billing-help}
"""

CUSTOMERS = """customer,name,first_name,role,tier,locale,timezone,email,phone,plan
%s,Marta Bianchi %s,Marta,account owner,professional,it,Europe/Rome,jane@acme.example,+393331234501,Professional
"""


def install(tmp_path, user):
    (tmp_path / "rules.yaml").write_text(RULE)
    (tmp_path / "customers.csv").write_text(CUSTOMERS % (user, user))


def ticket_of(rt, user):
    """The one ticket about this customer."""
    tickets = rt.tickets("Subject LIKE '%s'" % user)
    assert len(tickets) <= 1
    return next(iter(tickets.items()), None)


@pytest.mark.parametrize("version", ["3.9.1", "4.1.0"])
def test_events_become_a_ticket_a_mail_and_an_sms(
        version, servers, start, tmp_path):
    kafka, rt = servers.kafka(version), servers.rt
    mail, kannel = servers.mail, servers.kannel
    user = "u-" + uuid.uuid4().hex[:12]
    topic = kafka.create_topic("main-" + uuid.uuid4().hex[:8])
    install(tmp_path, user)
    sms_before = len(kannel.messages())
    daemon = start(
        configs.kafka_source(kafka, topic, "g-" + topic)
        + "profiles: {files: [customers.csv]}\nstate: {dir: state}\n"
        + configs.rules("rules.yaml") + configs.rt_desk(rt)
        + configs.email(mail, tmp_path) + configs.sms(kannel, tmp_path)
        + configs.SENDER + configs.QUICK)

    kafka.produce(topic, harness.billing_loop(user))

    number, ticket = eventually(lambda: ticket_of(rt, user), "the ticket", 60)
    assert ticket["Subject"] == (
        "Keeps coming back to the billing pages: Marta Bianchi " + user)
    assert rt.queue_of(ticket) == "Support"
    key = harness.field_of(ticket, "Premura Key")
    assert key.startswith("pre-") and len(key) == 24
    text = rt.first_text(number)
    assert "Marta Bianchi %s, account owner" % user in text
    assert text.count("/billing/card") == 4

    def mails():
        return [found for found in mail.inbox("jane")
                if "#%s]" % number in str(found["Subject"])]
    letter, = eventually(mails, "the mail", 60)
    assert str(letter["Subject"]).startswith(
        "Possiamo aiutarla con il pagamento?")
    assert letter["From"].addresses[0].addr_spec == "premura@example.test"
    assert letter["From"].addresses[0].display_name == "Anna from Example"
    assert letter["To"].addresses[0].addr_spec == "jane@acme.example"
    assert letter["Reply-To"].addresses[0].addr_spec == "support@example.test"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "mailto:unsubscribe@example.test" in letter["List-Unsubscribe"]
    assert letter["Message-ID"].strip("<>").endswith("@example.test")
    assert "RT-Ticket-%s@example.test" % number in letter["References"]
    body = letter.get_body(("plain",)).get_content()
    assert "Buongiorno Marta," in body and "piano Professional" in body
    assert "https://example.test/help/how-to-pay-by-card" in body
    assert "Riceve questa mail perché" in body and "STOP" in body
    html = letter.get_body(("html",)).get_content()
    assert 'href="https://example.test/help/how-to-pay-by-card"' in html

    arrived = eventually(
        lambda: kannel.messages()[sms_before:], "the SMS", 60)
    assert arrived == [(arrived[0][0], arrived[0][1], arrived[0][2])]
    assert arrived[0][1].lstrip("+") == "393331234501"
    assert "STOP" in arrived[0][2] and len(arrived[0][2]) <= 160

    # Once: more of the same changes nothing within the cooldown.
    kafka.produce(topic, harness.billing_loop(user))
    eventually(lambda: "cooldown" in daemon.command("explain", user).stdout,
               "the second detection is held back")
    told = daemon.command("explain", user).stdout
    assert "billing-page-loop" in told and "sent" in told
    assert len(mails()) == 1 and ticket_of(rt, user)[0] == number
    assert len(kannel.messages()) == sms_before + 1
    assert daemon.metric("premura_detections_total",
                         rule="billing-page-loop") == 2
    assert daemon.stop() == 0


def test_a_ticket_in_redmine(servers, start, tmp_path):
    kafka, redmine = servers.kafka("3.9.1"), servers.redmine
    user = "u-" + uuid.uuid4().hex[:12]
    topic = kafka.create_topic("redmine-" + uuid.uuid4().hex[:8])
    install(tmp_path, user)
    start(configs.kafka_source(kafka, topic, "g-" + topic)
          + "profiles: {files: [customers.csv]}\nstate: {dir: state}\n"
          + configs.rules("rules.yaml") + configs.redmine_desk(redmine)
          + configs.SENDER + configs.QUICK)

    kafka.produce(topic, harness.billing_loop(user))

    def found():
        return [issue for issue in redmine.issues()
                if user in issue["description"]]
    issue, = eventually(found, "the issue", 60)
    assert issue["project"]["name"] == "Support"
    assert issue["subject"] == (
        "Keeps coming back to the billing pages: Marta Bianchi " + user)
    assert issue["priority"]["name"] == "High"
    field, = [field["value"] for field in issue["custom_fields"]
              if field["name"] == "Premura Key"]
    assert field.startswith("pre-")


def test_what_identify_says_is_greeted_and_routed(servers, start, tmp_path):
    kafka, mail = servers.kafka("3.9.1"), servers.mail
    user = "u-" + uuid.uuid4().hex[:12]
    topic = kafka.create_topic("identify-" + uuid.uuid4().hex[:8])
    (tmp_path / "rules.yaml").write_text(RULE)
    start(configs.kafka_source(kafka, topic, "g-" + topic)
          + "state: {dir: state}\n" + configs.rules("rules.yaml")
          + configs.FILE_DESK + configs.email(mail, tmp_path)
          + configs.SENDER + configs.QUICK)
    before = len(mail.inbox("support"))

    kafka.produce(topic, [harness.segment(
        "identify", user, traits={"name": "Ada Lovelace", "firstName": "Ada",
                                  "email": "support@acme.example"})]
        + harness.billing_loop(user))

    letter, = eventually(lambda: mail.inbox("support")[before:], "the mail", 60)
    assert "Hello Ada," in letter.get_body(("plain",)).get_content()
    assert letter["Subject"].startswith("Can we help with the payment? [#")

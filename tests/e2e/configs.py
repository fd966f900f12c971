# SPDX-License-Identifier: Apache-2.0
"""Pieces of configuration and rules for the end-to-end tests."""
import json
import sqlite3

import harness

# Counts three of `action_failed` within ten minutes: the simplest rule there is.
FAILURES = """version: 1
rules:
  - id: three-failures
    title: Fails again and again
    level: high
    detect:
      event_count: {event: action_failed, gte: 3, within: 10m}
    cooldown: 1d
    actions:
      - ticket: {template: repeated-failure-help}
"""

SENDER = """
sender:
  organisation: Example
  name: Anna Rossi, Example support
  phone: "+39 02 1234567"
  help_url: https://example.test/help/
"""


def kafka_source(kafka, topic, group, more=""):
    return """
sources:
  - id: product
    kafka: {brokers: [%s], topics: [%s], group: %s, instance_id: e2e}
    format: segment
%s
customer: user
""" % (json.dumps(kafka.broker.split(","))[1:-1], topic, group, more)


def rules(*paths):
    return "rules: [%s]\ntemplates: [%s]\n" % (
        ", ".join('"%s"' % path for path in paths),
        '"%s"' % (harness.LIBRARY / "templates"))


FILE_DESK = """
tickets:
  desk: {type: file, directory: outbox}
"""

# Impatient, for tests that break things.
QUICK = """
delivery: {retry_first: 200ms, retry_most: 1s, ask_after: 500ms, breaker_pause: 1s}
log: {format: text}
"""


def rt_desk(rt):
    return """
tickets:
  rt: {type: rt, url: "%s", token_file: "%s", key_field: Premura Key, queue: Support, name: example.test}
""" % (rt.url, rt.token_file)


def redmine_desk(redmine):
    return """
tickets:
  redmine: {type: redmine, url: "%s", key_file: "%s", key_field: Premura Key, project: support}
""" % (redmine.url, redmine.key_file)


def email(mail, folder):
    (folder / "smtp.password").write_text("mailpw\n")
    return """
email:
  smtp: {host: localhost, port: %d, tls: starttls, username: premura, password_file: smtp.password, ca: "%s"}
  from: {name: Anna from Example, address: premura@example.test}
  reply_to: support@example.test
  unsubscribe: {mailto: unsubscribe@example.test}
""" % (mail.smtp, mail.ca)


def sms(kannel, folder):
    (folder / "sms.password").write_text(
        (kannel.folder / "password").read_text())
    return """
sms:
  gateway: {type: kannel, url: "%s", username: premura, password_file: sms.password}
  sender: Example
restraint:
  quiet_hours: {email: none, sms: none}
  timezone_missing: Europe/Rome
""" % kannel.url


def postgresql_ledger(server, schema):
    """A schema of its own, so that tests do not meet."""
    server.query("create schema " + schema)
    return """
ledger: {url: "%s?options=-csearch_path%%3D%s", password_file: "%s"}
""" % (server.url, schema, server.password_file)


def file_tickets(daemon):
    """Texts of the tickets that the file desk holds."""
    folder = daemon.folder / "outbox" / "ticket"
    return [path.read_text() for path in sorted(folder.glob("*.txt"))]


def query(daemon, sql):
    """Rows of the ledger, read beside whoever writes it."""
    path = daemon.folder / "state" / "ledger.db"
    link = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    try:
        return link.execute(sql).fetchall()
    finally:
        link.close()

# SPDX-License-Identifier: Apache-2.0
"""The first of the two commands, as a newcomer meets it."""
import csv
import datetime
import email
import email.policy
import os
import pathlib
import re
import subprocess
import zoneinfo

import pytest
import yaml

import harness

ROOT = harness.ROOT


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quickstart")
    run = subprocess.run(
        [str(ROOT / "deploy/quickstart.sh"), "--once"], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
        env={**os.environ, "QUICKSTART_DIR": str(folder),
             "QUICKSTART_PORT": str(harness.free_ports())})
    assert run.returncode == 0, run.stdout
    return folder, run.stdout


# What a single day of a few customers can show of the library. Most of the
# other rules look back over days or weeks.
RULES = ["abandoned-checkout", "billing-page-loop", "export-never-finished",
         "repeated-failures", "service-flapping"]


def test_the_day_shows_these_rules_and_no_others(day):
    shipped = re.findall(r"- id: (\S+)", "".join(
        path.read_text() for path in (ROOT / "rules/library").glob("*.yaml")))
    assert set(RULES) < set(shipped)
    fired = set(re.findall(r"^\S+  (\S+) \(", day[1], re.M))
    assert fired == set(RULES)


@pytest.mark.parametrize("reason", ["quiet_hours", "cooldown", "no_consent",
                                    "cancelled"])
def test_what_is_not_sent_is_said_with_its_reason(day, reason):
    assert reason in day[1]


def test_the_broken_line_is_kept(day):
    letters = (day[0] / "state/dead-letters.jsonl").read_text().splitlines()
    assert len(letters) == 1 and "broken_json" in letters[0]


def files(day, channel):
    found = sorted(path for path in (day[0] / "outbox" / channel).iterdir()
                   if not path.name.startswith("."))
    assert found
    return found


def test_tickets_are_for_an_agent(day):
    texts = [path.read_text() for path in files(day, "ticket")]
    for text in texts:  # In the team's language, whatever the customer speaks.
        assert "WHO\n" in text and "SUGGESTED\n" in text
        body = text.split("\n\n", 1)[1]
        assert "{{" not in body and ": \n" not in body


def test_mails_speak_the_customers_language_and_say_how_to_stop(day):
    letters = [email.message_from_bytes(path.read_bytes(),
                                        policy=email.policy.default)
               for path in files(day, "email")]
    bodies = [letter.get_body(("plain",)).get_content() for letter in letters]
    assert any(body.startswith("Hello ") for body in bodies)
    assert any(body.startswith("Buongiorno ") for body in bodies)
    for letter, body in zip(letters, bodies):
        assert "STOP" in body and "Anna Rossi" in body and "{{" not in body
        assert letter["List-Unsubscribe"] and letter["Message-ID"]
    # Tom does not want to be written to; James did not agree to advertising.
    everybody = " ".join(str(letter["To"]) for letter in letters)
    assert "tom.baker" not in everybody and "james.reed" not in everybody
    assert "marta.bianchi" in everybody and "sofia.greco" in everybody


def test_at_any_hour_an_sms_can_go_and_another_is_held():
    """So that whoever tries it sees both, whenever that is."""
    example = yaml.safe_load((ROOT / "deploy/quickstart/premura.yaml").read_text())
    assert example["restraint"]["quiet_hours"] == {"sms": "20:00-09:00"}
    with (ROOT / "deploy/quickstart/customers.csv").open() as file:
        zones = {row["customer"]: zoneinfo.ZoneInfo(row["timezone"])
                 for row in csv.DictReader(file)}
    # Who gets one, and does not take it back.
    zones = [zones[customer] for customer in ("u-1001", "u-1003", "u-1005")]
    for month in range(1, 13):
        for minute in range(0, 24 * 60, 5):
            now = (datetime.datetime(2026, month, 15, tzinfo=datetime.UTC)
                   + datetime.timedelta(minutes=minute))
            open_to = [9 <= now.astimezone(zone).hour < 20 for zone in zones]
            assert any(open_to) and not all(open_to), now


def test_an_sms_is_one_segment(day):
    for path in files(day, "sms"):
        text = path.read_text().rstrip("\n").split("\n\n", 1)[-1]
        assert "STOP" in text and len(text) <= 160


def test_explain_tells_martas_day(day):
    run = harness.premura("explain", "u-1001", "-c", day[0] / "premura.yaml")
    assert "billing-page-loop" in run.stdout
    assert "sent" in run.stdout and "cooldown" in run.stdout

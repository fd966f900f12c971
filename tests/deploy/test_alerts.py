# SPDX-License-Identifier: Apache-2.0
"""The alert rules: right, tested one by one, each with its runbook; and the
dashboard."""
import json
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALERTS = ROOT / "deploy/prometheus/alerts.yaml"
TESTS = ROOT / "deploy/prometheus/alerts.test.yaml"
DASHBOARD = ROOT / "deploy/grafana/premura.json"
NAMES = re.findall(r"- alert: (\w+)", ALERTS.read_text())


@pytest.mark.parametrize("arguments", [
    ["check", "rules", str(ALERTS)], ["test", "rules", str(TESTS)]],
    ids=["check", "test"])
def test_promtool_is_content(arguments):
    run = subprocess.run(["promtool", *arguments], capture_output=True,
                         text=True)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("name", NAMES)
def test_an_alert_fires_in_a_test_and_has_a_runbook(name):
    assert re.search(r"alertname: %s\n\s+exp_alerts:\n\s+- exp_labels" % name,
                     TESTS.read_text()), "no test sees it fire"
    runbook = ROOT / "deploy/runbooks" / (name + ".md")
    assert runbook.read_text().startswith("# %s\n" % name)
    assert "runbook: deploy/runbooks/%s.md" % name in ALERTS.read_text()


def test_every_runbook_belongs_to_an_alert():
    names = {path.stem for path in (ROOT / "deploy/runbooks").glob("*.md")}
    assert names == set(NAMES)


def known_events():
    """What the log calls what happens."""
    source = "".join((ROOT / "daemon" / name).read_text() for name in
                     ("app.cc", "telemetry/health_metrics.cc", "telemetry/telemetry.cc"))
    events = set(re.findall(r'"([a-z_]+)"', source))
    assert {"reloaded", "source_unreachable", "delivery_"} <= events
    return events | {"delivery_" + state for state in
                     ("failed", "unknown", "retry")}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_runbook_has_one_type_finds_something(name):
    text = (ROOT / "deploy/runbooks" / (name + ".md")).read_text()
    for shell in ("journalctl -", "systemctl start", "systemctl stop",
                  "systemctl restart", "systemctl reload"):
        assert text.count(shell) == text.count("sudo " + shell), shell
    commands = {path.stem.replace("_", "-") for path in
                (ROOT / "daemon/commands").glob("*.cc")}
    for command in re.findall(r"`(?:sudo -u premura )?premura ([a-z-]+)",
                              text):
        assert command in commands | {"release", "drop", "settle"}, command
    assert not re.search(r"`premura (?!run)", text), "as the daemon's user"
    words = " ".join(text.split())
    for grep in re.findall(
            r"journalctl -u premura \| grep (?:-E '([^']+)'|(\w+))", words):
        pattern = "".join(grep)
        for part in re.sub(r"(\w+)\((\w+)\|(\w+)\)", r"\1\2|\1\3",
                           pattern).split("|"):
            assert any(part in event for event in known_events()), part
    metrics = set(re.findall(r'"(premura_\w+)"', "".join(
        path.read_text() for path in (ROOT / "daemon").rglob("*.[ch]*"))))
    for grep in re.findall(
            r"/metrics \| grep (?:-E '([^']+)'|(\S+?))`", words):
        pattern = "".join(grep)
        assert pattern.startswith("^premura_"), "finds all sorts of labels"
        stem, rest = re.match(r"(\^premura_\w*)\(?([\w|]*)\)?$",
                              pattern).groups()
        for part in rest.split("|"):
            assert any(re.match(stem + part, one) for one in metrics), part


def test_every_metric_named_is_one_that_the_daemon_has():
    source = "".join(path.read_text() for path in
                     sorted((ROOT / "daemon").rglob("*.[ch]*")))
    known = set(re.findall(r'"(premura_\w+)"', source))
    assert len(known) > 20
    histograms = set(re.findall(
        r'metrics\.Histogram\(\s*"(premura_\w+)"', source))
    assert histograms
    known |= {name + "_" + part for name in histograms
              for part in ("bucket", "sum", "count")}
    texts = [ALERTS, DASHBOARD, ROOT / "deploy/UPGRADING.md",
             *(ROOT / "deploy/runbooks").glob("*.md")]
    for path in texts:
        named = set(re.findall(r"\bpremura_\w+", path.read_text()))
        assert named <= known, (path, named - known)


def test_the_dashboard_asks_what_prometheus_understands(tmp_path):
    board = json.loads(DASHBOARD.read_text())
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    rows = [panel["title"] for panel in board["panels"]
            if panel["type"] == "row"]
    assert len(panels) > 20 and len(rows) == len(set(rows)) > 3
    assert len({panel["id"] for panel in board["panels"]}) == len(
        board["panels"])
    rules = []
    for panel in panels:
        assert panel["targets"] and panel["description"], panel["title"]
        for target in panel["targets"]:
            rules.append({"record": "x%d" % len(rules), "expr": target[
                "expr"].replace("$__rate_interval", "5m").replace(
                    "$job", "premura").replace("$instance", "a")})
    path = tmp_path / "rules.yaml"
    path.write_text(json.dumps({"groups": [{"name": "x", "rules": rules}]}))
    run = subprocess.run(["promtool", "check", "rules", str(path)],
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_what_an_alert_looks_at_is_on_the_dashboard():
    asked = set(re.findall(r"\bpremura_\w+", DASHBOARD.read_text()))
    for name in set(re.findall(r"\bpremura_\w+", ALERTS.read_text())):
        assert name in asked, name

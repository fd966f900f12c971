# SPDX-License-Identifier: Apache-2.0
"""What is installed: the binary runs, and what it needs lies beside it."""
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    run = subprocess.run(
        ["cmake", "--install", str(ROOT / "build/release"),
         "--prefix", "/opt/premura"], capture_output=True, text=True,
        env={**os.environ, "DESTDIR": str(root)})
    assert run.returncode == 0, run.stderr
    return root / "opt/premura"


def test_the_binary_runs(installed):
    run = subprocess.run([str(installed / "bin/premura"), "version"],
                         capture_output=True, text=True)
    assert run.returncode == 0 and re.search(r"\d+\.\d+\.\d+", run.stdout)


def test_rules_templates_alerts_and_example_are_there(installed):
    share = installed / "share"
    shipped = {path.name for path in (ROOT / "rules/library").glob("*.yaml")}
    assert {path.name for path in (share / "premura/rules").iterdir()
            } == shipped
    templates = {path.name for path in
                 (ROOT / "rules/library/templates").glob("*.yaml")}
    assert {path.name for path in (share / "premura/templates").iterdir()
            } == templates
    alerts = (share / "premura/prometheus/alerts.yaml").read_text()
    runbooks = re.findall(r"runbook: (\S+)", alerts)
    assert len(runbooks) > 10
    for path in runbooks:
        # The prefix is that of the build.
        assert path.startswith("/") and path.endswith(".md")
        name = path.split("/share/doc/", 1)[1]
        assert (share / "doc" / name).exists(), path
    assert (share / "doc/premura/examples/premura.yaml").exists()
    assert (share / "doc/premura/runbooks/PremuraDown.md").exists()
    assert (share / "doc/premura/UPGRADING.md").exists()
    assert (share / "premura/grafana/premura.json").exists()


def test_the_installed_rules_pass(installed):
    run = subprocess.run(
        [str(installed / "bin/premura"), "check",
         str(installed / "share/premura/rules")],
        capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_unit_is_one_that_systemd_takes(installed, tmp_path):
    unit = installed / "lib/systemd/system/premura.service"
    text = unit.read_text()
    assert "Type=notify" in text and "NoNewPrivileges=yes" in text
    assert not re.search(r"@\w+@", text)
    # The paths are those after installation; verify wants them to exist.
    binary = re.search(r"^ExecStart=(\S+)", text, re.M)[1]
    copy = tmp_path / "premura.service"
    copy.write_text(text.replace(binary, str(installed / "bin/premura")))
    run = subprocess.run(["systemd-analyze", "verify", str(copy)],
                         capture_output=True, text=True)
    ours = [line for line in run.stderr.splitlines()
            if "premura" in line and "Cannot add dependency" not in line]
    assert run.returncode == 0 and not ours, run.stderr

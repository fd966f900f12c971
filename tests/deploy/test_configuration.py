# SPDX-License-Identifier: Apache-2.0
"""The example configuration and the shipped rules pass their own check."""
import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "deploy/premura.yaml"
LIBRARY = ROOT / "rules/library"
CERTIFICATE = ROOT / "tests/daemon/testdata/certificate.pem"


@pytest.fixture
def example(tmp_path):
    """The example with its secrets' files and paths of this checkout."""
    text = EXAMPLE.read_text()
    text = text.replace("/usr/local/share/premura/rules", str(LIBRARY))
    text = text.replace("/usr/local/share/premura/templates",
                        str(LIBRARY / "templates"))
    text = text.replace("/var/lib/premura", str(tmp_path / "state"))
    for name in re.findall(r"_file: ([\w./-]+)", text):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
    (tmp_path / "kafka/ca.pem").write_text(CERTIFICATE.read_text())
    (tmp_path / "customers.csv").write_text("customer,name\nacme,Acme\n")
    path = tmp_path / "premura.yaml"
    path.write_text(text)
    return path


def test_the_example_has_no_mistake(example, premura):
    run = premura("check", "-c", example)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "warning" not in (run.stdout + run.stderr)


def test_the_example_explains_every_key(example, premura):
    run = premura("config", "-c", example)
    assert run.returncode == 0, run.stderr
    keys = set(re.findall(r"^\s*(?:- )?([a-z_]+):", run.stdout, re.M))
    assert len(keys) > 40
    explained = set(re.findall(r"\b([a-z_]+)\b", EXAMPLE.read_text()))
    assert keys - explained == set()


def test_secrets_are_not_printed(example, premura):
    run = premura("config", "-c", example)
    assert "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" not in run.stdout + run.stderr


def test_the_shipped_rules_have_no_mistake(premura):
    run = premura("check", LIBRARY)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "warning" not in (run.stdout + run.stderr)


RULES = sorted(path for path in LIBRARY.glob("*.yaml")
               if not path.name.endswith(".test.yaml"))


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.stem)
def test_a_shipped_rule_says_what_it_is_for_and_speaks_two_languages(path):
    text = path.read_text()
    for word in ("Purpose:", "Not for:", "Parameters:"):
        assert word in text
    for key in ("title", "level", "phase", "owner", "cooldown",
                "expires_after", "cancel_on", "article"):
        assert re.search(r"^    %s:" % key, text, re.M), key
    templates = set(re.findall(r"template: ([\w-]+)", text))
    assert templates
    for name in templates:
        for language in ("en", "it"):
            assert (LIBRARY / "templates" / ("%s.%s.yaml" % (name, language))
                    ).exists()

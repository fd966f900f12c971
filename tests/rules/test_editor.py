# SPDX-License-Identifier: Apache-2.0
"""What an editor makes of the schema of rules: completion, explanations, and
no mark in a good file. The language server comes from npm, once, and is kept in
PREMURA_TEST_CACHE."""
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("PREMURA_BINARY", ROOT / "build/release/premura"))
CACHE = pathlib.Path(os.environ.get("PREMURA_TEST_CACHE", pathlib.Path.home() / ".cache/premura-tests"))
VERSION = "1.25.0"


def language_server():
    folder = CACHE / f"yaml-language-server-{VERSION}"
    command = folder / "node_modules/.bin/yaml-language-server"
    if not command.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--prefix", folder,
                        f"yaml-language-server@{VERSION}"], check=True, timeout=300)
    return command


def good_files():
    library = [path for path in (ROOT / "rules/library").glob("*.yaml") if not path.name.endswith(".test.yaml")]
    return sorted(library) + sorted((ROOT / "tests/rules/testdata/good").glob("*.yaml"))


def test_an_editor_is_helped_by_the_schema(tmp_path):
    schema = tmp_path / "rules.schema.json"
    schema.write_bytes(subprocess.run([BINARY, "schema"], capture_output=True, check=True).stdout)
    files = good_files()
    assert len(files) > 10
    ran = subprocess.run([sys.executable, ROOT / "tests/rules/language_server.py", language_server(), schema, *files],
                         capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr

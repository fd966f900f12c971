# SPDX-License-Identifier: Apache-2.0
"""Every C++ file is as clang-format leaves it; every script parses."""
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def listed():
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT,
        capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).is_file()]


FILES = listed()
CPP = [path for path in FILES if path.suffix in (".h", ".cc")]


def is_script(path):
    if path.suffix == ".sh":
        return True
    with path.open("rb") as file:
        return file.readline() in (b"#!/usr/bin/env bash\n", b"#!/bin/bash\n")


SCRIPTS = [path for path in FILES if is_script(path)]
PYTHON = [path for path in FILES if path.suffix == ".py"]


def test_there_are_sources():
    assert len(CPP) > 50 and SCRIPTS and PYTHON


def test_cpp_is_formatted():
    run = subprocess.run(
        ["clang-format", "--dry-run", "-Werror", *map(str, CPP)], cwd=ROOT,
        capture_output=True, text=True)
    assert run.returncode == 0, run.stderr[-4000:]


@pytest.mark.parametrize(
    "path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_script_parses_and_shellcheck_is_content(path):
    subprocess.run(["bash", "-n", str(path)], check=True)
    run = subprocess.run(
        ["shellcheck", "--shell=bash", "--severity=warning", "-x", str(path)],
        cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout


@pytest.mark.parametrize(
    "path", PYTHON, ids=lambda path: str(path.relative_to(ROOT)))
def test_python_compiles(path):
    compile(path.read_text(encoding="utf-8"), str(path), "exec")

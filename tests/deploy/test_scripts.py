# SPDX-License-Identifier: Apache-2.0
"""The package lists: what they name exists and is installed."""
import os
import pathlib
import socket
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def missing(*files):
    run = subprocess.run(
        ["bash", "-c", '. deploy/packages.sh; missing_packages "$@"', "-",
         *map(str, files)], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


@pytest.mark.parametrize("name", [
    "deploy/packages.txt", "tests/support/packages.txt"])
def test_nothing_that_is_listed_is_missing(name):
    assert missing(name) == []


def test_what_is_not_installed_is_named_without_its_comment(tmp_path):
    listed = tmp_path / "packages.txt"
    listed.write_text("# a comment\nbash\nno-such-package-abc  # why\n\n")
    assert missing(listed) == ["no-such-package-abc"]


def test_help_is_no_mistake():
    run = subprocess.run(["deploy/quickstart.sh", "--help"], cwd=ROOT,
                         capture_output=True, text=True)
    assert run.returncode == 0 and "usage:" in run.stdout and not run.stderr


@pytest.mark.parametrize("once", [[], ["--once"]])
def test_a_port_that_is_taken_is_said_with_a_way_out(tmp_path, once):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = subprocess.run(
            ["deploy/quickstart.sh", *once], cwd=ROOT, capture_output=True,
            text=True, timeout=600, env={
                **os.environ, "QUICKSTART_DIR": str(tmp_path),
                "QUICKSTART_PORT": port})
    assert run.returncode == 1
    assert "cannot listen on 127.0.0.1:" + port in run.stderr
    assert "choose another: QUICKSTART_PORT=" in run.stderr


@pytest.mark.parametrize("command", [
    ["deploy/quickstart.sh", "--twice"], ["tests/run.sh", "--nonsense"]])
def test_an_unknown_option_shows_the_usage(command):
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 2 and "usage:" in run.stderr

# SPDX-License-Identifier: Apache-2.0
"""Includes run one way: rules <- signals <- notifiers <- daemon."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ORDER = ["rules", "signals", "notifiers", "daemon"]
# The standard library's headers.
STANDARD = re.compile(r"[a-z_]+|c[a-z]+")


def sources(folder):
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", folder], cwd=ROOT,
        capture_output=True, text=True, check=True).stdout.split("\n")
    return [ROOT / path for path in listed if path.endswith((".h", ".cc"))]


def includes(path):
    text = path.read_text(encoding="utf-8")
    return re.findall(r'^\s*#\s*include\s+(["<])([^">]+)[">]', text, re.M)


@pytest.mark.parametrize("folder", ORDER)
def test_a_folder_includes_only_itself_and_those_below(folder):
    files = sources(folder)
    assert files, "no sources in %s/" % folder
    allowed = ORDER[:ORDER.index(folder) + 1]
    wrong = ["%s includes %s" % (path.relative_to(ROOT), name)
             for path in files for kind, name in includes(path)
             if kind == '"' and name.split("/")[0] not in allowed]
    assert not wrong


# `daemon/` itself puts the program together, and lends its folders little.
IN_DAEMON = ["config", "terminal", "telemetry", "admin", "advice", "simulation",
             "rule_test", "backtest", "commands"]
LENT = {"assembly.h", "run_program.h", "version.h"}


@pytest.mark.parametrize("folder", IN_DAEMON[:-1])
def test_folders_of_the_daemon_lean_on_those_before_them(folder):
    files = sources("daemon/" + folder)
    assert files, "no sources in daemon/%s/" % folder
    allowed = set(IN_DAEMON[:IN_DAEMON.index(folder) + 1]) | LENT
    wrong = ["%s includes %s" % (path.relative_to(ROOT), name)
             for path in files for _, name in includes(path)
             if name.startswith("daemon/")
             and name.split("/")[1] not in allowed]
    assert not wrong


def test_every_folder_of_the_daemon_has_its_place():
    there = {path.parent.name for path in sources("daemon")}
    assert there == set(IN_DAEMON) | {"daemon"}


def names_third_party(path):
    return any(kind == "<" and not STANDARD.fullmatch(name)
               for kind, name in includes(path))


def test_third_party_headers_do_not_leave_their_folder():
    inner = {str(path.relative_to(ROOT)) for folder in ORDER
             for path in sources(folder)
             if path.suffix == ".h" and names_third_party(path)}
    wrong = ["%s includes %s" % (path.relative_to(ROOT), name)
             for folder in ORDER for path in sources(folder)
             for _, name in includes(path)
             if name in inner and name.split("/")[0] != folder]
    assert not wrong


# Its flags decide how large its parser is: who includes the header without them
# disagrees with the rest of the program.
@pytest.mark.parametrize("folder", ORDER)
def test_who_includes_simdjson_has_its_flags(folder):
    used = any(name == "simdjson.h" for path in sources(folder)
               for _, name in includes(path))
    linked = "PkgConfig::SIMDJSON" in (ROOT / folder / "CMakeLists.txt").read_text()
    assert linked or not used


@pytest.mark.parametrize("folder", ORDER + ["tests"])
def test_every_file_says_its_licence_first(folder):
    line = "// SPDX-License-Identifier: Apache-2.0"
    wrong = [str(path.relative_to(ROOT)) for path in sources(folder)
             if path.read_text(encoding="utf-8").split("\n", 1)[0] != line]
    assert not wrong


# They wait for the outside, or measure their own work; no rule sees it.
MAY_MEASURE = {"signals/changelog_cells.cc", "signals/checkpointer.cc",
               "signals/kafka_source.cc", "signals/shard.cc",
               "signals/time_limit.h"}


@pytest.mark.parametrize("folder", ["rules", "signals"])
def test_nothing_below_the_notifiers_reads_a_clock(folder):
    # By whatever name: an alias would hide `steady_clock::now`.
    clock = re.compile(r"\b(system|steady|high_resolution|utc|tai|gps)_clock\b|"
                       r"\b(std::time|gettimeofday|clock_gettime)\(")
    wrong = [str(path.relative_to(ROOT)) for path in sources(folder)
             if clock.search(path.read_text(encoding="utf-8"))]
    assert set(wrong) == {name for name in MAY_MEASURE
                          if name.startswith(folder + "/")}


def test_who_may_measure_reads_no_wall_clock():
    wrong = [name for name in MAY_MEASURE
             if "system_clock" in (ROOT / name).read_text(encoding="utf-8")]
    assert not wrong

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up JUnit files and prints "N passed, N failed" as its last line.

usage: tally.py FILE..            exit 1 unless all passed and there was one
       tally.py --broken NAME FILE   writes a file with one failed test

A test that was skipped, or not run, counts as failed and is named.
packages: python3
"""
import sys
import xml.etree.ElementTree as tree


def write_broken(name, path):
    suite = tree.Element("testsuite")
    case = tree.SubElement(suite, "testcase", name=name, classname="run.sh")
    tree.SubElement(case, "failure", message="did not get as far as its tests")
    tree.ElementTree(suite).write(path)


def verdict(case):
    """None: passed; else a word for what happened."""
    for kind in ("failure", "error", "skipped"):
        if case.find(kind) is not None:
            return "failed" if kind != "skipped" else "skipped"
    # ctest: run, fail, notrun, disabled
    status = case.get("status", "run")
    return None if status == "run" else status


def main():
    if sys.argv[1] == "--broken":
        return write_broken(sys.argv[2], sys.argv[3])
    passed = failed = 0
    for path in sys.argv[1:]:
        for case in tree.parse(path).iter("testcase"):
            word = verdict(case)
            if word is None:
                passed += 1
                continue
            failed += 1
            name = "%s.%s" % (case.get("classname"), case.get("name"))
            print("%s: %s" % (word, name))
    print("%d passed, %d failed" % (passed, failed))
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())

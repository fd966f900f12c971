# SPDX-License-Identifier: Apache-2.0
"""Inputs that the fuzzers begin with: seeds.py NAME FOLDER."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

RECORDS = [
    '{"type":"track","event":"page_viewed","userId":"u","messageId":"m",'
    '"context":{"groupId":"g"},"timestamp":"2026-01-01T00:00:00Z",'
    '"properties":{"page":"/a","amount":1.5,"items":[1,"a",null]}}',
    '{"type":"identify","userId":"u",'
    '"traits":{"email":"a@b.example","consent":{"email":false}}}',
    '{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"u",'
    '"time":"2026-01-01T00:00:00Z",'
    '"data":{"a":{"b":1e400},"items":[{"a":1},{"a":2}]}}',
    '{"customer":"c","event":"e","ts":1767225600,"id":"x",'
    '"a":{"b":[true,18446744073709551616,-0.0]}}',
    '[{"customer":"c","event":"e","ts":1767225600000},7]',
]
CONDITIONS = [
    "a: 1", "a|gte: 5, b: x", 'a: [1, "2"]', "any_of: [{a: 1}, {b|contains: y}]",
    "not: {a|exists: true}", 'a|re: "^x.*[0-9]+$"', "a|startswith|cased: Xy",
    "a|neq: [1, 2]", "customer.tier: pro", "event: e",
    "a.b|all|contains: [x, y]", "a|exists: false", 'time|contains: "2026"',
    'a|endswith: "\u00e9"',
]
EVENTS = [
    '{"customer":"c","event":"e","ts":1767225600,"a":1,"b":"xy"}',
    '{"customer":"c","event":"e","ts":1767225600,"a":["x1",2,null],"b":true}',
    '{"customer":"c","event":"E","ts":1767225600,"a":{"b":"Xy\u00c9"}}',
]


def files(*patterns):
    for pattern in patterns:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file():
                yield path.read_bytes()


def seeds(name):
    if name == "rules":
        return files("tests/rules/testdata/*/*.yaml", "rules/library/*.yaml")
    if name == "template":
        return files("rules/library/templates/*.yaml")
    if name == "decode":  # The first byte chooses format and mapping.
        return (bytes([choice]) + record.encode()
                for choice in range(64) for record in RECORDS)
    return (f"{condition}\n{event}".encode()
            for condition in CONDITIONS for event in EVENTS)


def write(name, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(name)):
        (folder / f"seed-{number}").write_bytes(seed)


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2])

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a YAML language server what an editor would, with the schema of rules:

    npm install yaml-language-server
    premura schema > rules.schema.json
    tests/rules/language_server.py node_modules/.bin/yaml-language-server rules.schema.json [GOOD FILE..]

Prints what came of it; exits with 1 if the schema does not help there, or marks
anything in a good file. test_editor.py runs it."""

import json
import pathlib
import subprocess
import sys
import tempfile

HEAD = """# yaml-language-server: $schema={schema}
version: 1
rules:
  - id: a-rule
    title: A rule
"""
GOOD = HEAD + "    detect: {{event_count: {{event: a, gte: 2, within: 1h}}}}\n"
BAD = HEAD + "    stauts: live\n    detect: {{event_count: {{event: a, gte: two, within: 1 hour}}}}\n"
KINDS = HEAD + "    detect:\n      \n"
KEYS = HEAD + "    detect:\n      event_count:\n        \n"


class Server:
    def __init__(self, command):
        self.process = subprocess.Popen([command, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.number = 0
        self.diagnostics = {}
        folder = pathlib.Path(tempfile.mkdtemp()).as_uri()
        self.folder = folder
        self.ask("initialize", {"processId": None, "rootUri": folder, "capabilities": {}})
        self.tell("initialized", {})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    def receive(self):
        size = 0
        while line := self.process.stdout.readline().strip():
            if line.lower().startswith(b"content-length:"):
                size = int(line.split(b":")[1])
        message = json.loads(self.process.stdout.read(size))
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            items = message.get("params", {}).get("items", []) if isinstance(message.get("params"), dict) else []
            self.send({"id": message["id"], "result": [{} for _ in items]})
        return message

    def ask(self, method, params):
        self.number += 1
        self.send({"id": self.number, "method": method, "params": params})
        while True:
            message = self.receive()
            if message.get("id") == self.number and "method" not in message:
                return message.get("result")

    def open(self, name, text):
        uri = f"{self.folder}/{name}"
        document = {"uri": uri, "languageId": "yaml", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})
        return uri

    def diagnostics_of(self, uri):
        while uri not in self.diagnostics:
            self.receive()
        return [(d["range"]["start"]["line"] + 1, d["message"]) for d in self.diagnostics[uri]]

    def labels(self, uri, text):
        line = text.count("\n") - 1
        place = {"line": line, "character": len(text.splitlines()[line])}
        answer = self.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": place})
        return {item["label"] for item in answer["items"]}

    def hover(self, uri, line, character):
        place = {"line": line, "character": character}
        answer = self.ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": place})
        contents = answer and answer["contents"]
        return contents["value"] if isinstance(contents, dict) else str(contents)


def main():
    schema = pathlib.Path(sys.argv[2]).resolve().as_uri()
    server = Server(sys.argv[1])
    texts = {name: text.format(schema=schema) for name, text in
             {"good": GOOD, "bad": BAD, "kinds": KINDS, "keys": KEYS}.items()}
    uris = {name: server.open(name + ".yaml", text) for name, text in texts.items()}
    checks = {
        "a good file has no diagnostics": not server.diagnostics_of(uris["good"]),
        "an unknown key, a text for a number and a duration without unit are marked":
            {6, 7} <= {line for line, _ in server.diagnostics_of(uris["bad"])},
        "the kinds are completed":
            {"event_count", "sequence", "silence"} <= server.labels(uris["kinds"], texts["kinds"]),
        "the keys of a kind are completed":
            {"event", "where", "gte", "within", "group_by"} <= server.labels(uris["keys"], texts["keys"]),
        "a key is explained": "Unique" in server.hover(uris["good"], 3, 6),
        "a kind is explained": "event" in server.hover(uris["good"], 5, 15),
    }
    for number, path in enumerate(sys.argv[3:]):
        text = pathlib.Path(path).read_text(encoding="utf-8")
        uri = server.open(f"file-{number}.yaml", f"# yaml-language-server: $schema={schema}\n" + text)
        marked = server.diagnostics_of(uri)
        checks[f"nothing is marked in {path}" + (f": {marked[:3]}" if marked else "")] = not marked
    server.process.kill()
    for what, holds in checks.items():
        print(("ok    " if holds else "FAILS ") + what)
    sys.exit(0 if all(checks.values()) else 1)


main()

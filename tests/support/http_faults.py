#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An HTTP server that answers as it is told, for what real servers rarely do.

usage: http_faults.py DIR [--tls] [--upstream URL]

Prints "ready url=http://127.0.0.1:PORT" and lives until its standard input
closes. What it does with a request is the newest line of a plan: POST a JSON
list to /plan, each entry used once, in order, the last one for ever:
  {"status": 201, "headers": {..}, "body": "..", "act": ""}
act:  ""      answer
      "cut"   read the request, then cut the connection
      "half"  send the head and half of the body, then cut
      "endless"  send the head and a body that goes on until the other side cuts
  "hang"  read the request, never answer
      "hold"  read the request, go on once POST /release has come
      "slow"  read the request, go on after up to 0.4 s
With --upstream the server stands before a real one: what would be answered is
asked for there, and "status" and "body" mean nothing.
Every request but those to /plan and /log is written down; GET /log returns
them as a JSON list of {method, path, headers, body}.
With --tls: https with a certificate of its own, DIR/cert.pem.
packages: python3 openssl
"""
import http.client
import json
import random
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler

import http_server

lock = threading.Lock()
released = threading.Event()
upstream = None
plan = [{"status": 200}]
log = []


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body, headers=None, half=False):
        data = body.encode()
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[:len(data) // 2] if half else data)

    def answer_endlessly(self, status):
        self.close_connection = True
        self.send_response(status)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 65536)
        except OSError:
            pass

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode("utf-8", "replace")
        if self.path == "/plan":
            with lock:
                plan[:] = json.loads(body)
                log.clear()
                released.clear()
            return self.answer(200, "{}")
        if self.path == "/release":
            released.set()
            return self.answer(200, "{}")
        if self.path == "/log":
            with lock:
                return self.answer(200, json.dumps(log))
        with lock:
            log.append({"method": self.command, "path": self.path,
                        "headers": dict(self.headers), "body": body})
            step = plan.pop(0) if len(plan) > 1 else plan[0]
        return self.act(step, body)

    def forward(self, body):
        link = http.client.HTTPConnection(upstream, timeout=60)
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("host", "connection", "expect")}
        link.request(self.command, self.path, body.encode() or None, headers)
        answer = link.getresponse()
        kept = {name: value for name, value in answer.getheaders()
                if name.lower() in ("content-type", "location")}
        self.answer(answer.status, answer.read().decode(), kept)
        link.close()

    def act(self, step, body):
        act = step.get("act", "")
        if act == "hang":
            threading.Event().wait()
        if act == "hold":
            released.wait()
        if act == "slow":
            time.sleep(random.uniform(0, 0.4))
        if act == "cut":
            self.close_connection = True
            return self.connection.shutdown(2)
        if act == "endless":
            return self.answer_endlessly(step.get("status", 200))
        if upstream and act != "half":
            return self.forward(body)
        self.answer(step.get("status", 200), step.get("body", ""),
                    step.get("headers"), act == "half")
        if act == "half":
            self.close_connection = True
            self.connection.shutdown(2)

    do_GET = do_POST = do_PUT = handle_any


def main():
    global upstream
    directory = sys.argv[1]
    if "--upstream" in sys.argv:
        url = sys.argv[sys.argv.index("--upstream") + 1]
        upstream = urllib.parse.urlsplit(url).netloc
    http_server.serve(directory, Handler, "--tls" in sys.argv)


main()

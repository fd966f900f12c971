#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Stands before a real HTTP server and breaks what passes through, for what
networks and overloaded servers do to requests that have an effect.

usage: http_fault_proxy.py DIR UPSTREAM-URL [--tls]

Prints "ready url=http://127.0.0.1:PORT" and lives until its standard input
closes. All requests go on to the upstream. A POST in which "fault-WORD-"
stands, in a header or the body, meets that fault, once for each text that
follows up to the next blank or quotation mark:
  hang     upstream does it; no answer ever comes
  cut      upstream does it; then the connection is cut without a word
  half     upstream does it; half of the answer comes, then the cut
  error    upstream does it; the answer is 500
  late     upstream does it; its answer comes 8 s later
  working  the connection is cut, and upstream does it 8 s after that
  lie      upstream hears nothing; the answer is 200, a page for people
  busy     upstream hears nothing; the answer is 429, in a second again
  down     upstream hears nothing; the answer is 503
  refuse   upstream hears nothing; the connection is cut
GET /faults answers what was met so far, a JSON list of words.
With --tls: https with a certificate of its own, DIR/cert.pem; a cut comes
without TLS's goodbye.
packages: python3 openssl
"""
import json
import os
import re
import socket
import struct
import sys
import threading
import time
import urllib.parse
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler

import http_server

PAUSE = 8
SAID = {"lie": (200, "<html><body>Please log in</body></html>"),
        "busy": (429, "slow down"), "down": (503, "back soon")}
FAULT = re.compile(r"fault-(\w+)-[^\s\"'<&]*")

lock = threading.Lock()
met = {}
upstream = urllib.parse.urlsplit(sys.argv[2])


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def handle_any(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.path == "/faults":
            with lock:
                return self.answer(200, json.dumps(list(met.values())).encode())
        fault = self.fault_of(body)
        if fault in ("refuse", "working"):
            self.cut()
            if fault == "working":
                time.sleep(PAUSE)
                self.forward(body)
            return None
        if fault in SAID:
            status, text = SAID[fault]
            return self.answer(status, text.encode(), [("Retry-After", "1")])
        status, headers, reply = self.forward(body)
        if fault == "hang":
            threading.Event().wait()
        if fault == "cut":
            return self.cut()
        if fault == "error":
            return self.answer(500, b"went wrong after all")
        if fault == "late":
            time.sleep(PAUSE)
        self.answer(status, reply, headers, half=fault == "half")
        if fault == "half":
            self.cut()
        return None

    def fault_of(self, body):
        """The word, the first time that its text comes."""
        if self.command != "POST":
            return ""
        text = str(self.headers) + body.decode("utf-8", "replace")
        found = FAULT.search(text)
        if not found:
            return ""
        with lock:
            if found[0] in met:
                return ""
            met[found[0]] = found[1]
        return found[1]

    def forward(self, body):
        link = HTTPConnection(upstream.hostname, upstream.port, timeout=120)
        headers = {name: value for name, value in self.headers.items()
                   if name.lower() not in ("host", "connection")}
        link.request(self.command, upstream.path + self.path, body, headers)
        reply = link.getresponse()
        kept = [(name, value) for name, value in reply.getheaders()
                if name.lower() not in ("content-length", "connection",
                                        "transfer-encoding", "server", "date")]
        text = reply.read()
        link.close()
        return reply.status, kept, text

    def answer(self, status, body, headers=(), half=False):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:len(body) // 2] if half else body)

    def cut(self):
        """A reset: neither FIN nor TLS's close_notify."""
        self.close_connection = True
        raw = self.connection
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                       struct.pack("ii", 1, 0))
        os.close(raw.detach())
        self.rfile = self.wfile = open(os.devnull, "r+b")

    do_GET = do_POST = do_PUT = do_OPTIONS = do_HEAD = handle_any


http_server.serve(sys.argv[1], Handler, "--tls" in sys.argv)

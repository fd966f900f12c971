#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The SMSC behind Kannel's "fake" driver: writes down what it is sent.

usage: scripted_smsc.py PORT FILE

Connects to Kannel's PORT and speaks its line protocol. Each SMS becomes one
line of FILE: "sender receiver text MESSAGE", "sender receiver udh U data D" or
"sender receiver ucs-2 D", the latter percent-encoded.
"""
import socket
import sys
import time


def connect(port):
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            time.sleep(0.1)
    sys.exit("no Kannel on port %d" % port)


def main():
    with connect(int(sys.argv[1])) as link, \
            open(sys.argv[2], "ab", buffering=0) as out:
        for line in link.makefile("rb"):
            out.write(line.lstrip(b"\0 "))


main()

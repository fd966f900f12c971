#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Fetches a mail over IMAP and prints its bytes.

usage: fetch_mail.py PORT CA USER PASSWORD HEADER VALUE [SECONDS]

Waits until USER's inbox holds a mail whose HEADER contains VALUE, at most
SECONDS (20), and prints it; exit 1 if none came, 3 if there are several.
packages: python3
"""
import imaplib
import ssl
import sys
import time


def main():
    port, ca, user, password, header, value = sys.argv[1:7]
    deadline = time.monotonic() + float((sys.argv[7:] or ["20"])[0])
    context = ssl.create_default_context(cafile=ca)
    with imaplib.IMAP4("localhost", int(port)) as inbox:
        inbox.starttls(context)
        inbox.login(user, password)
        while True:
            inbox.select("INBOX")
            found = inbox.search(None, "HEADER", header, value)[1][0].split()
            if found:
                break
            if time.monotonic() > deadline:
                sys.exit(1)
            time.sleep(0.1)
        if len(found) > 1:
            sys.exit(3)
        data = inbox.fetch(found[0], "(RFC822)")[1]
        sys.stdout.buffer.write(data[0][1])


main()

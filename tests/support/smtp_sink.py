#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An SMTP server that misbehaves on demand.

usage: smtp_sink.py DIR [--no-tls] [--no-auth] [--refuse=STAGE:CODE]
                    [--upstream=PORT:CA]

Prints "ready smtp=PORT smtps=PORT ca=DIR/cert.pem" (free ports on loopback) and
lives until its standard input closes. Mails land in DIR/new/N.eml. User
premura, password "mailpw".

The recipient's local part, or what follows its "+", decides what happens:
  tempfail*  451 to RCPT        reject*    550 to RCPT
  datatemp*  451 after DATA     datarej*   554 after DATA
  greylist*  450 the first time, then accepted
  drop*      the mail is stored, then the connection is cut without an answer
  hang*      the mail is stored, then there is no answer
  part*      the mail is stored, then comes half a reply and nothing else
  code251*   the mail is stored, the reply has this code; 220, 150, 354, 000 too
  stall*     no answer to RCPT
  policy*    530 to RCPT

--no-tls: no STARTTLS is offered. --no-auth: nobody needs to log in.
--refuse: GREETING, EHLO, STARTTLS, AUTH, MAIL, RCPT or DATA is answered with
  this code.
--upstream: mails are not stored but handed to the real server there.
packages: python3-aiosmtpd openssl
"""
import asyncio
import os
import smtplib
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

import certificate
from ports import free_ports

directory = sys.argv[1]
offer_tls = "--no-tls" not in sys.argv
need_auth = "--no-auth" not in sys.argv
refused = dict(word.removeprefix("--refuse=").split(":") for word in sys.argv
               if word.startswith("--refuse="))
upstream = next((word.removeprefix("--upstream=") for word in sys.argv
                 if word.startswith("--upstream=")), "")

RCPT_REPLIES = {
    "tempfail": "451 4.3.0 try again later",
    "reject": "550 5.1.1 no such user",
    "policy": "530 5.7.0 must authenticate first",
}
DATA_REPLIES = {
    "datatemp": "451 4.3.0 content check unavailable",
    "datarej": "554 5.7.1 rejected as spam",
}


class Handler:
    def __init__(self):
        self.greeted = set()
        self.stored = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        local = word_of(address)
        for word, reply in RCPT_REPLIES.items():
            if local.startswith(word):
                return reply
        if local.startswith("stall"):
            await asyncio.sleep(3600)
        if local.startswith("greylist") and address not in self.greeted:
            self.greeted.add(address)
            return "450 4.2.0 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        local = word_of(envelope.rcpt_tos[0])
        for word, reply in DATA_REPLIES.items():
            if local.startswith(word):
                return reply
        self.stored += 1
        number = self.stored  # Others come while this is stored.
        if upstream:
            await asyncio.to_thread(relay, envelope)
        else:
            await asyncio.to_thread(self.store, envelope, number)
        if local.startswith("drop"):
            server.transport.abort()
        if local.startswith("hang"):
            await asyncio.sleep(3600)
        if local.startswith("part"):
            server.transport.write(b"250-2.0.0 queued\r\n")
            await asyncio.sleep(3600)
        if local.startswith("code"):
            return local[4:7] + " as you say"
        return "250 2.0.0 queued as %d" % number

    def store(self, envelope, number):
        name = "%s/new/%06d.eml" % (directory, number)
        with open(name + ".tmp", "wb") as file:
            file.write(("X-Envelope-From: %s\r\nX-Envelope-To: %s\r\n" % (
                envelope.mail_from,
                ", ".join(envelope.rcpt_tos))).encode() + envelope.content)
        os.rename(name + ".tmp", name)


# On a machine that is busy enough a server may not answer in time; what it was
# is told.
def relay(envelope):
    for last in (False, False, True):
        try:
            return relay_once(envelope)
        except OSError as error:
            print("relay: %s: %r" % (envelope.rcpt_tos, error), file=sys.stderr,
                  flush=True)
            if last:
                raise


def relay_once(envelope):
    port, ca = upstream.split(":")
    with smtplib.SMTP("127.0.0.1", int(port), timeout=8) as link:
        link.starttls(context=ssl.create_default_context(cafile=ca))
        link.login("premura", "mailpw")
        link.sendmail(envelope.mail_from, envelope.rcpt_tos, envelope.content)


def word_of(address):
    return address.split("@")[0].lower().split("+")[-1]


class Server(SMTP):
    async def _handle_client(self):
        if "GREETING" in refused:
            await self.push(refused["GREETING"] + " not today")
            self.transport.close()
        else:
            await super()._handle_client()


def refusing(code):
    async def refuse(server, argument):
        await server.push(code + " not today")
    return refuse


for stage, code in refused.items():
    setattr(Server, "smtp_" + stage, refusing(code))


class Listener(Controller):
    def factory(self):
        return Server(self.handler, **self.SMTP_kwargs)


def authenticate(server, session, envelope, mechanism, data):
    good = (isinstance(data, LoginPassword) and data.login == b"premura" and
            data.password == b"mailpw")
    # handled=False makes aiosmtpd answer 535.
    return AuthResult(success=good, handled=good, auth_data=data)


def main():
    os.makedirs(directory + "/new", exist_ok=True)
    context = certificate.serve_with(directory, "mail.example.test")
    handler = Handler()
    common = dict(hostname="127.0.0.1", server_hostname="mail.example.test",
                  authenticator=authenticate if need_auth else None,
                  auth_required=need_auth, decode_data=False)
    starttls = Listener(handler, port=free_ports(),
                        tls_context=context if offer_tls else None,
                        require_starttls=offer_tls and need_auth,
                        auth_require_tls=offer_tls, **common)
    starttls.start()
    # aiosmtpd does not know that an implicit-TLS channel is TLS already.
    implicit = Listener(handler, port=free_ports(), ssl_context=context,
                        auth_require_tls=False, **common)
    implicit.start()
    print("ready smtp=%d smtps=%d ca=%s/cert.pem" % (
        starttls.port, implicit.port, directory), flush=True)
    sys.stdin.read()
    os._exit(0)


main()

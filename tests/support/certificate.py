# SPDX-License-Identifier: Apache-2.0
"""A certificate for servers on this machine.

packages: python3 openssl
"""
import os
import ssl
import subprocess


def serve_with(directory, name="localhost"):
    """A server's context with DIR/cert.pem, which is its own CA."""
    os.makedirs(directory, exist_ok=True)
    certificate, key = directory + "/cert.pem", directory + "/key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-keyout", key,
         "-out", certificate, "-subj", "/CN=" + name, "-addext",
         "subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1" % name],
        check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context

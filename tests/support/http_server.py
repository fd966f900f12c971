# SPDX-License-Identifier: Apache-2.0
"""An HTTP server on a free port of loopback, for the scripts beside it.

packages: python3 openssl
"""
import os
import sys
import threading
from http.server import ThreadingHTTPServer

import certificate


class Server(ThreadingHTTPServer):
    daemon_threads = True

    # A handler may have cut the connection itself.
    def shutdown_request(self, request):
        if request.fileno() >= 0:
            super().shutdown_request(request)


def serve(directory, handler, tls):
    """Says where it is, and lives until standard input closes."""
    server = Server(("127.0.0.1", 0), handler)
    if tls:
        server.socket = certificate.serve_with(directory).wrap_socket(
            server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready url=%s://127.0.0.1:%d" % (
        "https" if tls else "http", server.server_port), flush=True)
    sys.stdin.read()
    os._exit(0)

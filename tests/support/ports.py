# SPDX-License-Identifier: Apache-2.0
"""Free ports on loopback for servers that cannot choose one by themselves."""
import contextlib
import random
import socket

# Below what the kernel hands out by itself (a connection of somebody else could
# take such a port before its server starts), and not where the C++ tests look
# (server_process.cc).
RANGE = range(10000, 19900)


def free_ports(count=1):
    """The first of `count` neighbouring ports that are free now."""
    for _ in range(1000):
        port = random.choice(RANGE)
        with contextlib.ExitStack() as held:
            try:
                for each in range(port, port + count):
                    held.enter_context(socket.socket()).bind(
                        ("127.0.0.1", each))
            except OSError:
                continue
            return port
    raise AssertionError("no free ports")

"""Becomes a program that inherits listening sockets as from systemd: SOCKETS -- COMMAND.

Each socket is NAME=tcp:ADDRESS:PORT, NAME=unix:PATH or NAME=udp:ADDRESS:PORT.
"""

import os
import socket
import sys


def opened(where):
    kind, _, rest = where.partition(":")
    if kind == "unix":
        one = socket.socket(socket.AF_UNIX)
        one.bind(rest)
    else:
        host, _, port = rest.rpartition(":")
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        stream = kind == "tcp"
        one = socket.socket(family, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind((host.strip("[]"), int(port)))
    if kind != "udp":
        one.listen(64)
    return one


split = sys.argv.index("--")
pairs = [argument.partition("=") for argument in sys.argv[1:split]]
sockets = [opened(where) for _, _, where in pairs]
# Above all descriptors that are about to be used.
copies = [os.dup2(one.fileno(), 100 + index) for index, one in enumerate(sockets)]
for index, copy in enumerate(copies):
    os.dup2(copy, 3 + index, inheritable=True)
    os.close(copy)
os.environ["LISTEN_FDS"] = str(len(sockets))
os.environ["LISTEN_FDNAMES"] = ":".join(name for name, _, _ in pairs)
os.environ.setdefault("LISTEN_PID", str(os.getpid()))
command = sys.argv[split + 1 :]
os.execv(command[0], command)

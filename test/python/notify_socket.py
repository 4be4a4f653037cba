"""A socket as systemd's: prints each datagram as one line, with its line ends as spaces."""

import socket
import sys

receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1].replace("@", "\0", 1))
print("bound", flush=True)
while True:
    print(receiver.recv(4096).decode().replace("\n", " "), flush=True)

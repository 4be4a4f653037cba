#!/usr/bin/env bash
# autobahn 26.10.2 (Python): its RawSocket servers never say why they refuse a handshake.
#
# WAMP has an answer with an error number for a handshake that cannot be accepted: 7F 10 00 00 for a serializer that
# is not supported, 7F 30 00 00 for reserved octets that are not zero. Neither of them is ever sent. For a serializer
# that is not supported, the servers on asyncio and on Twisted (which Crossbar.io uses) close the connection. Reserved
# octets that are not zero are refused by a close on asyncio, and accepted as if they were zero on Twisted.
#
# Output:
#   > asyncio: 7fff0000 -> nothing, then closed
#   > asyncio: 7ff10001 -> nothing, then closed
#   > twisted: 7fff0000 -> nothing, then closed
#   > twisted: 7ff10001 -> 7ff10000, open
#
# For clients: a connection that is closed in the handshake may mean that the serializer is not supported. To try the
# next serializer, do not wait for error number 1.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
timeout 200 "$folder/venv/bin/pip" install --quiet autobahn==26.10.2 twisted==26.10.0

cat > "$folder/server.py" <<'PYTHON'
import sys


class Session:
    def onOpen(self, transport):
        pass

    def onClose(self, clean):
        pass


def on_asyncio():
    import asyncio

    from autobahn.asyncio.rawsocket import WampRawSocketServerFactory
    from autobahn.wamp.serializer import JsonSerializer

    async def main():
        factory = WampRawSocketServerFactory(Session, serializers=[JsonSerializer()])
        server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.sleep(30)

    asyncio.run(main())


def on_twisted():
    from autobahn.twisted.rawsocket import WampRawSocketServerFactory
    from autobahn.wamp.serializer import JsonSerializer
    from twisted.internet import reactor

    factory = WampRawSocketServerFactory(Session, serializers=[JsonSerializer()])
    print(reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port, flush=True)
    reactor.callLater(30, reactor.stop)
    reactor.run()


on_asyncio() if sys.argv[1] == "asyncio" else on_twisted()
PYTHON

cat > "$folder/client.py" <<'PYTHON'
import socket
import subprocess
import sys

for loop in ["asyncio", "twisted"]:
    server = subprocess.Popen(
        [sys.executable, sys.argv[1], loop],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    port = int(server.stdout.readline())
    for request in ["7fff0000", "7ff10001"]:
        client = socket.create_connection(("127.0.0.1", port), timeout=2)
        client.sendall(bytes.fromhex(request))
        answer, state = b"", "open"
        try:
            while True:
                octets = client.recv(100)
                if not octets:
                    state = "then closed"
                    break
                answer += octets
        except ConnectionResetError:
            state = "then closed"
        except TimeoutError:
            pass
        print(f"{loop}: {request} -> {answer.hex() or 'nothing'}, {state}")
        client.close()
    server.kill()
    server.wait()
PYTHON
seen=$(timeout 60 "$folder/venv/bin/python" "$folder/client.py" "$folder/server.py")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

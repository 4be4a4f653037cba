#!/usr/bin/env bash
# autobahn-python 26.10.2 fires "ready" before onJoin on asyncio, and after onJoin on Twisted.
#
# "ready" is documented to come after onJoin and all "join" listeners have completed. The session chains
# the two by callbacks of one future. A Deferred of Twisted runs its callbacks one after the other and waits
# for each. A future of asyncio calls all of them at once. On both, "ready" comes also where onJoin raises.
#
# Output:
#   > asyncio, onJoin returns: ready, onJoin starts, onJoin returns
#   > asyncio, onJoin raises:  ready, onJoin starts, onJoin raises
#   > Twisted, onJoin returns: onJoin starts, onJoin returns, ready
#   > Twisted, onJoin raises:  onJoin starts, onJoin raises, ready
#
# For operators: a component that reports its health at "ready" says on asyncio that it serves before it has
# registered its first procedure, and on both frameworks also when it never will. Report it at the end of
# onJoin instead.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
timeout 90 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  autobahn==26.10.2 txaio==26.6.1 cbor2==6.3.0 msgpack==1.2.4 ujson==5.12.1 hyperlink==21.0.0 \
  idna==3.10 cryptography==50.0.2 cffi==2.1.1 pycparser==3.12 twisted==26.10.0 attrs==25.4.0 \
  automat==25.4.16 constantly==23.10.4 incremental==24.11.0 zope.interface==8.1.1 \
  typing-extensions==4.15.0 packaging==25.0

cat > "$folder/join.py" <<'PYTHON'
import logging
import socket
import sys
import threading

flavour, ending = sys.argv[1:]
if flavour == "asyncio":
    import asyncio

    from autobahn.asyncio.component import Component, run
    from autobahn.asyncio.wamp import ApplicationSession

    async def pause():
        await asyncio.sleep(0.2)
else:
    from twisted.internet import reactor, task

    from autobahn.twisted.component import Component, run
    from autobahn.twisted.wamp import ApplicationSession

    def pause():
        return task.deferLater(reactor, 0.2, lambda: None)

logging.disable(logging.CRITICAL)
order = []


class Session(ApplicationSession):
    async def onJoin(self, details):
        order.append("onJoin starts")
        await pause()
        order.append(f"onJoin {ending}")
        if ending == "raises":
            raise RuntimeError("not ready at all")


def welcome(listener):
    """A router over RawSocket with JSON that welcomes one session and leaves a second later."""
    connection, _ = listener.accept()
    connection.recv(4)
    connection.sendall(bytes.fromhex("7ff10000"))
    connection.recv(65536)
    message = b'[2,1,{"roles":{"broker":{},"dealer":{}}}]'
    connection.sendall(len(message).to_bytes(4, "big") + message)
    threading.Event().wait(1)
    print(f"{flavour}, {'onJoin ' + ending + ':':15} {', '.join(order)}", flush=True)
    connection.close()


listener = socket.create_server(("127.0.0.1", 0))
router = threading.Thread(target=welcome, args=[listener])
router.start()
host, port = listener.getsockname()
component = Component(
    realm="realm1",
    session_factory=Session,
    transports={
        "type": "rawsocket",
        "url": f"rs://{host}:{port}",
        "endpoint": {"type": "tcp", "host": host, "port": port},
        "serializer": "json",
        "max_retries": 0,
    },
)
component.on("ready", lambda session: order.append("ready"))
run([component], log_level=None)
PYTHON
seen=$(
  for flavour in asyncio Twisted; do
    for ending in returns raises; do
      timeout 20 "$folder/venv/bin/python" "$folder/join.py" "$flavour" "$ending" 2> "$folder/log" ||
        [ -s "$folder/log" ]
    done
  done
)
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

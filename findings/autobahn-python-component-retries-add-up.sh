#!/usr/bin/env bash
# A Component of autobahn-python 26.10.2 never forgets its attempts to connect, unless it has a main.
#
# A Component counts its attempts for max_retries and lets the delay grow with each. A session that joins
# should set both back. It does so only where the Component was given main=. In the other style, with
# @component.on_join, @component.register and @component.subscribe, the count and the delay go on growing
# over the life of the process, however long each session lasted.
#
# Output, for a router that ends each session after it has joined, with max_retries 3 and growth 2:
#   > main:    joined 6 times and goes on, delay 1 times the second
#   > on_join: joined 4 times, delay 4 times the second, Component failed: Exhausted all transport connect attempts
#
# For operators: with the defaults, retries are unlimited and the delay reaches its maximum of 300 seconds
# after about 13 lost connections, even if these are months apart. A service then stays away for five
# minutes after each short restart of the router.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
timeout 90 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  autobahn==26.10.2 txaio==26.6.1 cbor2==6.3.0 msgpack==1.2.4 ujson==5.12.1 hyperlink==21.0.0 \
  idna==3.10 cryptography==50.0.2 cffi==2.1.1 pycparser==3.12

cat > "$folder/outages.py" <<'PYTHON'
import asyncio
import json
import logging

import txaio

txaio.use_asyncio()
from autobahn.asyncio.component import Component
from autobahn.asyncio.websocket import WebSocketServerFactory, WebSocketServerProtocol

logging.disable(logging.CRITICAL)
HELLO, WELCOME = 1, 2
ROLES = {"roles": {"broker": {}, "dealer": {}}}


class Router(WebSocketServerProtocol):
    """Welcomes a session, and drops its connection soon after."""

    def onConnect(self, request):
        return "wamp.2.json"

    def onMessage(self, payload, isBinary):
        if json.loads(payload)[0] == HELLO:
            self.sendMessage(json.dumps([WELCOME, 1, ROLES]).encode())
            asyncio.get_running_loop().call_later(0.05, self.transport.abort)


async def run(port, style):
    delays = []
    isEnough = asyncio.Event()

    async def main(reactor, session):
        await asyncio.Event().wait()

    component = Component(
        main=main if style == "main" else None,
        realm="realm1",
        transports={
            "url": f"ws://127.0.0.1:{port}/",
            "serializers": ["json"],
            "max_retries": 3,
            "initial_retry_delay": 0.1,
            "retry_delay_growth": 2,
            "retry_delay_jitter": 0,
        },
    )

    @component.on_connect
    def connected(session, transport):
        # The delay that came before this connection.
        delays.append(component._transports[0].retry_delay)

    joins = 0

    @component.on_join
    def joined(session, details):
        nonlocal joins
        joins += 1
        if joins == 6:
            isEnough.set()

    ended = asyncio.ensure_future(component.start(asyncio.get_running_loop()))
    enough = asyncio.ensure_future(isEnough.wait())
    await asyncio.wait({ended, enough}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
    times = f"{delays[-1] / delays[1]:.0f} times the second"
    if ended.done():
        print(f"{style + ':':8} joined {joins} times, delay {times}, {ended.exception()}")
    else:
        print(f"{style + ':':8} joined {joins} times and goes on, delay {times}")


async def run_both():
    factory = WebSocketServerFactory("ws://127.0.0.1:1", protocols=["wamp.2.json"])
    factory.protocol = Router
    server = await asyncio.get_running_loop().create_server(factory, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await run(port, "main")
    await run(port, "on_join")


asyncio.run(run_both())
PYTHON
seen=$(timeout 60 "$folder/venv/bin/python" "$folder/outages.py" 2> "$folder/log" || cat "$folder/log")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

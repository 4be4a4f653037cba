#!/usr/bin/env bash
# wampy 8.0.2 sends options that are undefined, and a router in Python rejects its SUBSCRIBE.
#
# subscribe() puts the options match and get_retained into every SUBSCRIBE, also where the application
# gave none. JSON leaves out what is undefined. CBOR has a code for it (0xF7). MsgPack has none:
# msgpackr 2.1.4 writes an extension of type 0. autobahn-python 26.10.2, which Crossbar.io is built on,
# expects a string or nothing.
#
# Output:
#   > json    {}
#   > json    accepted
#   > cbor    {match: 0xf7, get_retained: 0xf7}
#   > cbor    invalid type <class 'cbor2.UndefinedType'> for 'match' option in SUBSCRIBE
#   > msgpack {match: 0xd40000, get_retained: 0xd40000}
#   > msgpack invalid type <class 'msgpack.ext.ExtType'> for 'match' option in SUBSCRIBE
#
# For operators: wampy with CBOR or MsgPack joins and calls without fault, and loses its connection at its
# first subscribe(topic, handler). Clients can pass { match: "exact", get_retained: false }.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
timeout 90 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  autobahn==26.10.2 txaio==26.6.1 cbor2==6.3.0 msgpack==1.2.4
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  wampy@8.0.2 cbor-x@1.6.9 msgpackr@2.1.4 ws@8.23.0

# A router for each serializer: prints the octets of the SUBSCRIBE that wampy sends.
cat > "$folder/client.cjs" <<'JAVASCRIPT'
const { WebSocket, WebSocketServer } = require("ws");
const { Wampy } = require("wampy");
const { JsonSerializer } = require("wampy/JsonSerializer.js");
const { CborSerializer } = require("wampy/CborSerializer.js");
const { MsgpackSerializer } = require("wampy/MsgpackSerializer.js");

const [HELLO, WELCOME, SUBSCRIBE, SUBSCRIBED] = [1, 2, 32, 33];
const roles = { broker: { features: {} }, dealer: { features: {} } };

async function subscribe(serializer) {
  const router = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => router.once("listening", resolve));
  router.on("connection", (socket) => {
    const send = (message) => socket.send(serializer.encode(message));
    socket.on("message", (octets, isBinary) => {
      const [type, request] = serializer.decode(isBinary ? octets : octets.toString());
      if (type === HELLO) send([WELCOME, 1, { roles }]);
      if (type !== SUBSCRIBE) return;
      console.log(serializer.protocol, octets.toString("hex"));
      send([SUBSCRIBED, request, 1]);
    });
  });
  const client = new Wampy(`ws://127.0.0.1:${router.address().port}`, {
    realm: "realm1",
    serializer,
    ws: WebSocket,
  });
  await client.connect();
  await client.subscribe("com.example.topic", () => {});
  for (const socket of router.clients) socket.terminate();
  router.close();
}

async function main() {
  for (const Serializer of [JsonSerializer, CborSerializer, MsgpackSerializer]) {
    await subscribe(new Serializer());
  }
  process.exit();
}
main();
JAVASCRIPT
cat > "$folder/router.py" <<'PYTHON'
import sys

import txaio

txaio.use_asyncio()
from autobahn.wamp.serializer import CBORSerializer, JsonSerializer, MsgPackSerializer

serializers = {"json": JsonSerializer(), "cbor": CBORSerializer(), "msgpack": MsgPackSerializer()}
undefined = {"json": b"", "cbor": bytes.fromhex("f7"), "msgpack": bytes.fromhex("d40000")}
for line in sys.stdin:
    name, text = line.split()
    octets = bytes.fromhex(text)
    code = undefined[name]
    options = [key for key in ("match", "get_retained") if key.encode() + code in octets]
    print(f"{name:7}", "{" + ", ".join(f"{key}: 0x{code.hex()}" for key in options) + "}")
    try:
        serializers[name].unserialize(octets, name != "json")
        outcome = "accepted"
    except Exception as error:
        outcome = error
    print(f"{name:7}", outcome)
PYTHON
seen=$(timeout 30 node "$folder/client.cjs" | "$folder/venv/bin/python" "$folder/router.py")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

#!/usr/bin/env bash
# wampy 8.0.2 sends WAMP IDs of 2^32 and more as floats, which autobahn-python 26.10.2 rejects.
#
# A router may take IDs from 1 to 2^53. cbor-x 1.6.9 and msgpackr 2.1.4, the encoders of wampy, write
# a JavaScript number of 2^32 or more as a float with 64 bits, also where it is an integer. An ID that
# the router chose therefore comes back as a float: the subscription of UNSUBSCRIBE, the registration
# of UNREGISTER, the request of YIELD. autobahn-python wants an integer there. In JSON the same number
# is written as an integer.
#
# Output:
#   > json    4294967295: UNSUBSCRIBE
#   > json    4294967296: UNSUBSCRIBE
#   > cbor    4294967295: UNSUBSCRIBE
#   > cbor    4294967296: 'subscription' in UNSUBSCRIBE: invalid type <class 'float'> for ID
#   > msgpack 4294967295: UNSUBSCRIBE
#   > msgpack 4294967296: 'subscription' in UNSUBSCRIBE: invalid type <class 'float'> for ID
#
# For operators: where a router draws IDs at random from the whole range, wampy with CBOR or MsgPack can
# subscribe, but its UNSUBSCRIBE is a protocol error for a router that checks types.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
timeout 90 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  autobahn==26.10.2 txaio==26.6.1 cbor2==6.3.0 msgpack==1.2.4
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  wampy@8.0.2 cbor-x@1.6.9 msgpackr@2.1.4 ws@8.23.0

# A router for each serializer and ID: prints the octets of the UNSUBSCRIBE that wampy sends.
cat > "$folder/client.cjs" <<'JAVASCRIPT'
const { WebSocket, WebSocketServer } = require("ws");
const { Wampy } = require("wampy");
const { JsonSerializer } = require("wampy/JsonSerializer.js");
const { CborSerializer } = require("wampy/CborSerializer.js");
const { MsgpackSerializer } = require("wampy/MsgpackSerializer.js");

const [HELLO, WELCOME, SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED] = [1, 2, 32, 33, 34, 35];
const roles = { broker: { features: {} }, dealer: { features: {} } };

async function unsubscribe(serializer, subscription) {
  const router = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => router.once("listening", resolve));
  router.on("connection", (socket) => {
    const send = (message) => socket.send(serializer.encode(message));
    socket.on("message", (octets, isBinary) => {
      const [type, request] = serializer.decode(isBinary ? octets : octets.toString());
      if (type === HELLO) send([WELCOME, 1, { roles }]);
      if (type === SUBSCRIBE) send([SUBSCRIBED, request, subscription]);
      if (type !== UNSUBSCRIBE) return;
      console.log(serializer.protocol, subscription, octets.toString("hex"));
      send([UNSUBSCRIBED, request]);
    });
  });
  const client = new Wampy(`ws://127.0.0.1:${router.address().port}`, {
    realm: "realm1",
    serializer,
    ws: WebSocket,
  });
  await client.connect();
  const { subscriptionKey } = await client.subscribe("com.example.topic", () => {});
  await client.unsubscribe(subscriptionKey);
  for (const socket of router.clients) socket.terminate();
  router.close();
}

async function main() {
  for (const Serializer of [JsonSerializer, CborSerializer, MsgpackSerializer]) {
    await unsubscribe(new Serializer(), 2 ** 32 - 1);
    await unsubscribe(new Serializer(), 2 ** 32);
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
for line in sys.stdin:
    name, number, octets = line.split()
    try:
        received = serializers[name].unserialize(bytes.fromhex(octets), name != "json")
        outcome = type(received[0]).__name__.upper()
    except Exception as error:
        outcome = error
    print(f"{name:7} {number}: {outcome}")
PYTHON
seen=$(timeout 30 node "$folder/client.cjs" | "$folder/venv/bin/python" "$folder/router.py")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

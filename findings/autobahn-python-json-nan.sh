#!/usr/bin/env bash
# autobahn-python 26.10.2 writes NaN and Infinity into JSON, which JavaScript cannot read.
#
# CBOR and MsgPack have a code for NaN and for infinity, JSON has none (RFC 8259, section 6). The JSON
# serializer of autobahn-python writes these floats as the bare words NaN and Infinity. Python reads
# them back. JSON.parse of JavaScript, and thus wampy 8.0.2, rejects the whole message.
#
# Output:
#   > received in CBOR: [36, 1, 2, {}, [nan, inf]]
#   > sent in JSON:     [36,1,2,{},[NaN,Infinity]]
#   > wampy:            SyntaxError
#   > autobahn-python:  [36, 1, 2, {}, [nan, inf]]
#
# For operators: a sensor that publishes NaN in CBOR or MsgPack works as long as every subscriber uses
# Python or a binary serializer. The first JSON subscriber that is written in JavaScript loses the event.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
timeout 90 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  autobahn==26.10.2 txaio==26.6.1 cbor2==6.3.0 msgpack==1.2.4
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  wampy@8.0.2 cbor-x@1.6.9 msgpackr@2.1.4

cat > "$folder/event.py" <<'PYTHON'
import sys

import txaio

txaio.use_asyncio()
from autobahn.wamp.serializer import CBORObjectSerializer, JsonObjectSerializer

event = CBORObjectSerializer().unserialize(bytes.fromhex("8518240102a082f97e00f97c00"))[0]
json = JsonObjectSerializer().serialize(event)
with open(sys.argv[1], "wb") as file:
    file.write(json)
print("received in CBOR:", event)
print("sent in JSON:    ", json.decode())
print("autobahn-python: ", JsonObjectSerializer().unserialize(json)[0])
PYTHON
cat > "$folder/event.cjs" <<'JAVASCRIPT'
const { readFileSync } = require("node:fs");
const { JsonSerializer } = require("wampy/JsonSerializer.js");

try {
  console.log("wampy:           ", new JsonSerializer().decode(readFileSync(process.argv[2], "utf8")));
} catch (error) {
  console.log("wampy:           ", error.name);
}
JAVASCRIPT
python=$("$folder/venv/bin/python" "$folder/event.py" "$folder/event.json")
javascript=$(node "$folder/event.cjs" "$folder/event.json")
seen=$(sed '$d' <<< "$python"; echo "$javascript"; tail -n 1 <<< "$python")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

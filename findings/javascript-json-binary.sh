#!/usr/bin/env bash
# autobahn-js 22.11.1 and wampy 8.0.2 have no binary values in JSON, autobahn-python 26.10.2 has.
#
# WAMP writes octets into JSON as a string: U+0000 followed by base64. autobahn-python does so. The JSON
# serializers of the two clients are plain JSON.stringify and JSON.parse. Octets from Python arrive there
# as that string. Octets of JavaScript arrive in Python as a dict, and a Buffer as another dict than
# a Uint8Array.
#
# Output:
#   > autobahn-python sends "\u0000AQI="
#   > autobahn-js     reads "\u0000AQI="
#   > wampy           reads "\u0000AQI="
#   > autobahn-python reads b'\x01\x02'
#   > autobahn-js sends Buffer     {"type":"Buffer","data":[1,2]}
#   > autobahn-js sends Uint8Array {"0":1,"1":2}
#   > wampy       sends Buffer     {"type":"Buffer","data":[1,2]}
#   > wampy       sends Uint8Array {"0":1,"1":2}
#
# For operators: JSON is the default of wampy and the first choice of autobahn-js. Binary values that work
# between services in CBOR or MsgPack are damaged as soon as a client in JavaScript takes its default.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
timeout 90 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  autobahn==26.10.2 txaio==26.6.1 cbor2==6.3.0 msgpack==1.2.4
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  autobahn@22.11.1 cbor@10.0.12 msgpack5@6.1.0 ws@7.5.14 wampy@8.0.2 cbor-x@1.6.9 msgpackr@2.1.4

cat > "$folder/octets.py" <<'PYTHON'
import sys

import txaio

txaio.use_asyncio()
from autobahn.wamp.serializer import JsonObjectSerializer

if sys.argv[1] == "sends":
    print(JsonObjectSerializer().serialize(b"\x01\x02").decode())
else:
    print("autobahn-python reads", JsonObjectSerializer().unserialize(sys.stdin.buffer.read())[0])
PYTHON
cat > "$folder/octets.cjs" <<'JAVASCRIPT'
const { readFileSync } = require("node:fs");
const { JSONSerializer } = require("autobahn").serializer;
const { JsonSerializer } = require("wampy/JsonSerializer.js");

const text = readFileSync(0, "utf8");
const autobahn = new JSONSerializer();
const wampy = new JsonSerializer();
if (process.argv[2] === "reads") {
  console.log("autobahn-js     reads", JSON.stringify(autobahn.unserialize(text)));
  console.log("wampy           reads", JSON.stringify(wampy.decode(text)));
} else {
  const values = { "Buffer    ": Buffer.from([1, 2]), "Uint8Array": new Uint8Array([1, 2]) };
  for (const [name, value] of Object.entries(values)) {
    console.log("autobahn-js sends", name, autobahn.serialize(value));
  }
  for (const [name, value] of Object.entries(values)) {
    console.log("wampy       sends", name, wampy.encode(value));
  }
}
JAVASCRIPT
python=("$folder/venv/bin/python" "$folder/octets.py")
sent=$("${python[@]}" sends)
seen=$(
  echo "autobahn-python sends $sent"
  node "$folder/octets.cjs" reads <<< "$sent"
  "${python[@]}" reads <<< "$sent"
  node "$folder/octets.cjs" sends < /dev/null
)
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

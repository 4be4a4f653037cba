#!/usr/bin/env bash
# A Uint8Array sent in CBOR by autobahn-js 22.11.1 or wampy 8.0.2 is no binary value in Python.
#
# cbor 10.0.12 and cbor-x 1.6.9, the encoders of the two clients, put the tag 64 of RFC 8746 ("uint8
# typed array") before a Uint8Array. A Buffer, which only Node has, goes out as plain octets. cbor2 6.3.0,
# the decoder of autobahn-python 26.10.2, does not know the tag. The application receives an object of
# the class CBORTag, which the serializers for JSON and MsgPack cannot write.
#
# Output:
#   > autobahn-js Buffer     42 01 02       b'\x01\x02'                  json yes msgpack yes
#   > autobahn-js Uint8Array d8 40 42 01 02 CBORTag(64, b'\x01\x02')     json no msgpack no
#   > wampy       Buffer     42 01 02       b'\x01\x02'                  json yes msgpack yes
#   > wampy       Uint8Array d8 40 42 01 02 CBORTag(64, b'\x01\x02')     json no msgpack no
#
# For operators: browsers have no Buffer, so a page sends all its binary values with the tag. Behind a
# router that is built on autobahn-python, subscribers that use JSON or MsgPack do not get such an event.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
timeout 90 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  autobahn==26.10.2 txaio==26.6.1 cbor2==6.3.0 msgpack==1.2.4
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  autobahn@22.11.1 cbor@10.0.12 msgpack5@6.1.0 ws@7.5.14 wampy@8.0.2 cbor-x@1.6.9 msgpackr@2.1.4

cat > "$folder/encode.cjs" <<'JAVASCRIPT'
const { CBORSerializer } = require("autobahn").serializer;
const { CborSerializer } = require("wampy/CborSerializer.js");

const encoders = {
  "autobahn-js": (value) => new CBORSerializer().serialize(value),
  wampy: (value) => new CborSerializer().encode(value),
};

async function main() {
  for (const [name, encode] of Object.entries(encoders)) {
    for (const value of [Buffer.from([1, 2]), new Uint8Array([1, 2])]) {
      const octets = await encode(value);
      console.log(name, value.constructor.name, Buffer.from(octets).toString("hex"));
    }
  }
}
main();
JAVASCRIPT
cat > "$folder/decode.py" <<'PYTHON'
import sys

import txaio

txaio.use_asyncio()
from autobahn.wamp.serializer import (
    CBORObjectSerializer,
    JsonObjectSerializer,
    MsgPackObjectSerializer,
)


def writes(serializer, value):
    try:
        serializer.serialize([value])
        return "yes"
    except TypeError:
        return "no"


for line in sys.stdin:
    client, kind, text = line.split()
    octets = bytes.fromhex(text)
    value = CBORObjectSerializer().unserialize(octets)[0]
    json, msgpack = (writes(s(), value) for s in (JsonObjectSerializer, MsgPackObjectSerializer))
    print(f"{client:11} {kind:10} {octets.hex(' '):14} {value!r:27}  json {json} msgpack {msgpack}")
PYTHON
seen=$(node "$folder/encode.cjs" | "$folder/venv/bin/python" "$folder/decode.py")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

#!/usr/bin/env bash
# autobahn-python 26.10.2 ends a batched JSON message with the octet 0x18 instead of 0x1E.
#
# The WAMP specification ends each message of the subprotocol wamp.2.json.batched with the control
# character "\30", which it calls the record separator. The record separator is number 30: 0x1E.
# autobahn-python writes the number as a Python escape. A Python escape is octal, so that the octet
# is 0x18 (CANCEL), in both directions. Crossbar.io uses the same code.
#
# Output:
#   > sent:            5b362c7b7d2c2277616d702e636c6f73652e6e6f726d616c225d18
#   > ended with 0x18: Goodbye
#   > ended with 0x1E: error
#
# For operators: a peer that follows the specification and one that uses autobahn agree on
# wamp.2.json.batched in the WebSocket handshake, and then each rejects the first message of the other.
# A router or proxy that accepts this subprotocol has to know which octet its clients mean.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3.11 -m venv "$folder/venv"
timeout 90 "$folder/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
  autobahn==26.10.2 txaio==26.6.1 cbor2==6.3.0 msgpack==1.2.4

cat > "$folder/batch.py" <<'PYTHON'
import txaio

txaio.use_asyncio()
from autobahn.wamp import message
from autobahn.wamp.serializer import JsonSerializer

serializer = JsonSerializer(batched=True)
sent, _ = serializer.serialize(message.Goodbye("wamp.close.normal"))
print("sent:           ", sent.hex())
for octet in (0x18, 0x1E):
    try:
        received = serializer.unserialize(sent[:-1] + bytes([octet]), False)
        outcome = type(received[0]).__name__
    except Exception:
        outcome = "error"
    print(f"ended with 0x{octet:02X}:", outcome)
PYTHON
seen=$("$folder/venv/bin/python" "$folder/batch.py")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

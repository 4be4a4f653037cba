#!/usr/bin/env bash
# autobahn-js 22.11.1 answers a RawSocket PING with octets that differ from those of the PING.
#
# A PONG has to repeat the payload of its PING. autobahn-js reads the payload as UTF-8 and writes the
# text as UTF-8 again. Octets that are no UTF-8 become U+FFFD (ef bf bd), and the payload grows.
#
# Output:
#   > PING 70 69 6e 67, PONG 70 69 6e 67
#   > PING c0 ff ee 00, PONG ef bf bd ef bf bd ef bf bd 00
#
# For operators: a router that compares payloads, and puts random octets, a counter or a time into its PINGs,
# takes a healthy autobahn-js for dead. PINGs whose payload is ASCII come back unchanged.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  autobahn@22.11.1 cbor@10.0.12 msgpack5@6.1.0 ws@7.5.14

cat > "$folder/ping.cjs" <<'JAVASCRIPT'
const net = require("node:net");
const autobahn = require("autobahn");

autobahn.log.warn = () => {};
const [WAMP, PING, PONG] = [0, 1, 2];
const payloads = ["70696e67", "c0ffee00"];
const spaced = (octets) => octets.toString("hex").match(/../g).join(" ");

const router = net.createServer((socket) => {
  let received = Buffer.alloc(0);
  let isOpen = false;
  const send = (type, payload) =>
    socket.write(Buffer.concat([Buffer.from([type, 0, 0, payload.length]), payload]));
  const ping = () => {
    if (payloads.length === 0) process.exit();
    send(PING, Buffer.from(payloads[0], "hex"));
  };
  socket.on("data", (octets) => {
    received = Buffer.concat([received, octets]);
    if (!isOpen && received.length >= 4) {
      isOpen = true;
      received = received.subarray(4);
      socket.write(Buffer.from("7ff10000", "hex"));
    }
    while (isOpen && received.length >= 4 && received.length >= 4 + received.readUIntBE(1, 3)) {
      const end = 4 + received.readUIntBE(1, 3);
      const [type, payload] = [received[0], received.subarray(4, end)];
      received = received.subarray(end);
      if (type === WAMP) {
        send(WAMP, Buffer.from('[2,1,{"roles":{"broker":{}}}]'));
        ping();
      } else if (type === PONG) {
        console.log(`PING ${spaced(Buffer.from(payloads.shift(), "hex"))}, PONG ${spaced(payload)}`);
        ping();
      }
    }
  });
});
router.listen(0, "127.0.0.1", () => {
  const { address: host, port } = router.address();
  const transports = [{ type: "rawsocket", host, port }];
  new autobahn.Connection({ transports, realm: "realm1" }).open();
});
JAVASCRIPT
seen=$(timeout 20 node --no-deprecation "$folder/ping.cjs")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

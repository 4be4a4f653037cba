#!/usr/bin/env bash
# Bun.serve of Bun 1.4.5 answers a close frame before the program can answer the message in front of it.
#
# A WebSocket client may send a last message and a close frame in one write. Bun.serve hands the message to the
# program, and answers the close frame itself as soon as it has read it. What the program sends later than in the
# handler of the message, be it in the next turn of the event loop, is discarded: send gives 0.
# RFC 6455 (section 5.5.1) lets an endpoint delay its close frame until it has sent its message.
#
# Output, for a client that sends a text and a close frame in one write:
#   > answered in the handler:    text, close
#   > answered in the next turn:  close
#   > send in the next turn gave: 0
#
# For operators: WAMP clients such as autobahn send GOODBYE and close at once. A proxy on Bun.serve that has to ask
# its router cannot deliver the answer to GOODBYE.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  @oven/bun-linux-x64@1.4.5

cat > "$folder/close.mjs" <<'JAVASCRIPT'
import { connect } from "node:net";

let gave;
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: (request, server) =>
    server.upgrade(request, { data: new URL(request.url).pathname }) ? undefined : new Response(),
  websocket: {
    message(socket) {
      if (socket.data === "/now") socket.send("answer");
      else setImmediate(() => (gave = socket.send("answer")));
    },
  },
});

/** The frames that come back for a text and a close frame in one write. */
function framesFor(path) {
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    let isOpen = false;
    const client = connect(server.port, "127.0.0.1");
    client.write(
      `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\r\n",
    );
    client.on("data", (octets) => {
      received = Buffer.concat([received, octets]);
      const end = received.indexOf("\r\n\r\n");
      if (isOpen || end < 0) return;
      isOpen = true;
      received = received.subarray(end + 4);
      client.write(Buffer.from("818300000000627965" + "888200000000" + "03e8", "hex"));
    });
    client.on("close", () => {
      const names = [];
      for (let at = 0; at < received.length; at += 2 + received[at + 1]) {
        names.push(received[at] === 0x88 ? "close" : "text");
      }
      resolve(names.join(", "));
    });
  });
}
console.log("answered in the handler:   ", await framesFor("/now"));
console.log("answered in the next turn: ", await framesFor("/later"));
console.log("send in the next turn gave:", gave);
process.exit();
JAVASCRIPT
seen=$(timeout 20 "$folder/node_modules/@oven/bun-linux-x64/bin/bun" "$folder/close.mjs")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

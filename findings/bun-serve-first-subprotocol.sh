#!/usr/bin/env bash
# Bun.serve of Bun 1.4.5 accepts the first WebSocket subprotocol that a client offers, whichever it is.
#
# A server that names no subprotocol in its answer has chosen none (RFC 6455, section 4.2.2). With Bun.serve,
# server.upgrade(request) without a header Sec-WebSocket-Protocol answers with the first name of the
# client's list. To choose none, the header has to be there and empty.
#
# Output, for a client that offers wamp.2.flatbuffers, then wamp.2.json:
#   > Bun.serve, no header:     wamp.2.flatbuffers
#   > Bun.serve, header empty:  none
#   > Bun.serve, header json:   wamp.2.json
#   > Bun.serve, other offered: com.example.other
#
# For operators: the subprotocol decides on the serializer of a WAMP connection. A WAMP server on Bun.serve
# that does not set the header promises a serializer that it may not have, and the client sends octets that
# the server cannot read.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  @oven/bun-linux-x64@1.4.5

cat > "$folder/upgrade.mjs" <<'JAVASCRIPT'
const answers = { none: undefined, empty: "", json: "wamp.2.json" };
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, server) {
    const protocol = answers[new URL(request.url).pathname.slice(1)];
    const headers = protocol === undefined ? {} : { "Sec-WebSocket-Protocol": protocol };
    return server.upgrade(request, { headers }) ? undefined : new Response(null, { status: 400 });
  },
  websocket: { message() {} },
});

async function connect(name, path, offered) {
  const response = await fetch(`http://127.0.0.1:${server.port}/${path}`, {
    headers: {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Version": "13",
      "Sec-WebSocket-Key": "AAECAwQFBgcICQoLDA0ODw==",
      "Sec-WebSocket-Protocol": offered,
    },
  });
  console.log(name, response.headers.get("sec-websocket-protocol") || "none");
}
const offered = "wamp.2.flatbuffers, wamp.2.json";
await connect("Bun.serve, no header:    ", "none", offered);
await connect("Bun.serve, header empty: ", "empty", offered);
await connect("Bun.serve, header json:  ", "json", offered);
await connect("Bun.serve, other offered:", "none", "com.example.other");
process.exit();
JAVASCRIPT
seen=$(timeout 20 "$folder/node_modules/@oven/bun-linux-x64/bin/bun" "$folder/upgrade.mjs")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

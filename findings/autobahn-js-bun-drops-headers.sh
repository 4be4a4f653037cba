#!/usr/bin/env bash
# autobahn-js 22.11.1 sends the headers of its transport in Node 20, and leaves them out in Bun 1.4.5.
#
# autobahn-js takes a runtime that has a global WebSocket for a browser. Its code for browsers passes only
# URL and subprotocols on. The options headers and agent, the client certificate of tlsConfiguration and
# the pings of autoping_interval have no effect there, and no warning says so. Bun has a global WebSocket,
# and that WebSocket would take headers.
#
# Output:
#   > Node: Cookie cbtid=example, Authorization Bearer example
#   > Bun:  Cookie undefined, Authorization undefined
#
# For operators: a service that is moved from Node 20 to Bun joins without the cookie, token or client
# certificate that it was given, and is anonymous where the router allows that. Connections that are idle
# also lose the pings that kept them open through a load balancer.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  autobahn@22.11.1 cbor@10.0.12 msgpack5@6.1.0 ws@7.5.14 @oven/bun-linux-x64@1.4.5

cat > "$folder/headers.cjs" <<'JAVASCRIPT'
const http = require("node:http");
const autobahn = require("autobahn");

autobahn.log.warn = () => {};
const server = http.createServer();
server.on("upgrade", ({ headers }) => {
  console.log(`Cookie ${headers.cookie}, Authorization ${headers.authorization}`);
  process.exit();
});
server.listen(0, "127.0.0.1", () => {
  const url = `ws://127.0.0.1:${server.address().port}`;
  const headers = { Cookie: "cbtid=example", Authorization: "Bearer example" };
  const transports = [{ type: "websocket", url, headers }];
  new autobahn.Connection({ transports, realm: "realm1" }).open();
});
JAVASCRIPT
seen=$(
  echo "Node: $(timeout 20 node "$folder/headers.cjs")"
  echo "Bun:  $(timeout 20 "$folder/node_modules/@oven/bun-linux-x64/bin/bun" "$folder/headers.cjs")"
)
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

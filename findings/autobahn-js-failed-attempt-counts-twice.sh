#!/usr/bin/env bash
# autobahn-js 22.11.1 counts an attempt to connect that fails twice in Node 20, and once in Bun 1.4.5.
#
# Where there is no global WebSocket, as in Node 20, autobahn-js uses the package ws. ws emits "error" and
# then "close" for an attempt that fails, and autobahn-js calls onclose for both. Each call uses up one of
# max_retries and lets the delay grow. Where WebSocket is global, as in Bun, only "close" counts.
#
# Output, with max_retries: 4
#   > Node: 3 attempts, onclose called 6 times
#   > Bun:  5 attempts, onclose called 5 times
#
# For operators: with the default of 15 retries, a client in Node 20 gives up after 7 retries, and each delay
# is retry_delay_growth squared times the one before. An outage that clients in browsers survive can be too
# long for the same code in Node.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  autobahn@22.11.1 cbor@10.0.12 msgpack5@6.1.0 ws@7.5.14 @oven/bun-linux-x64@1.4.5

# A server that closes every connection before the WebSocket handshake.
cat > "$folder/attempts.cjs" <<'JAVASCRIPT'
const net = require("node:net");
const autobahn = require("autobahn");

autobahn.log.warn = () => {};
let attempts = 0;
let closes = 0;
const server = net.createServer((socket) => {
  attempts += 1;
  socket.destroy();
});
server.listen(0, "127.0.0.1", () => {
  const connection = new autobahn.Connection({
    url: `ws://127.0.0.1:${server.address().port}`,
    realm: "realm1",
    max_retries: 4,
    initial_retry_delay: 0.1,
    retry_delay_growth: 1,
  });
  connection.onclose = (_reason, details) => {
    closes += 1;
    if (!details.will_retry) setTimeout(report, 500);
  };
  connection.open();
});

function report() {
  console.log(`${attempts} attempts, onclose called ${closes} times`);
  process.exit();
}
JAVASCRIPT
seen=$(
  echo "Node: $(timeout 20 node "$folder/attempts.cjs")"
  echo "Bun:  $(timeout 20 "$folder/node_modules/@oven/bun-linux-x64/bin/bun" "$folder/attempts.cjs")"
)
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

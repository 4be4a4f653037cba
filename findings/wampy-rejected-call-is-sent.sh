#!/usr/bin/env bash
# wampy 8.0.2 sends a call and a publication after it has rejected their promises.
#
# While the connection is lost, call() and publish() put their messages into a queue. The next attempt to
# connect that fails rejects the promises of all requests and keeps the queue. When an attempt succeeds,
# the queue goes out on the new session. The answers reach no promise.
#
# Output:
#   > application: call rejected
#   > application: publish rejected
#   > router: CALL com.example.pay
#   > router: PUBLISH com.example.paid
#
# For operators: after an outage of a router that lasts longer than one attempt to connect (2 seconds by
# default), procedures run for calls that the application has already given up. An application that
# repeats a rejected call has it executed twice.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  wampy@8.0.2 cbor-x@1.6.9 msgpackr@2.1.4 ws@8.23.0

cat > "$folder/outage.cjs" <<'JAVASCRIPT'
const { WebSocket, WebSocketServer } = require("ws");
const { Wampy } = require("wampy");

const [HELLO, WELCOME, PUBLISH, CALL] = [1, 2, 16, 48];
const roles = { broker: { features: {} }, dealer: { features: {} } };

async function startRouter(port, onRequest) {
  const router = new WebSocketServer({ host: "127.0.0.1", port });
  await new Promise((resolve) => router.once("listening", resolve));
  router.on("connection", (socket) => {
    socket.on("message", (text) => {
      const [type, , , uri] = JSON.parse(text);
      if (type === HELLO) socket.send(JSON.stringify([WELCOME, 1, { roles }]));
      if (type === CALL) onRequest(`CALL ${uri}`);
      if (type === PUBLISH) onRequest(`PUBLISH ${uri}`);
    });
  });
  return router;
}

async function main() {
  const router = await startRouter(0, () => {});
  const { port } = router.address();
  const client = new Wampy(`ws://127.0.0.1:${port}`, {
    realm: "realm1",
    reconnectInterval: 300,
    ws: WebSocket,
  });
  await client.connect();

  const tellRejected = (name) => () => console.log(`application: ${name} rejected`);
  for (const socket of router.clients) socket.terminate();
  router.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  await Promise.all([
    client.call("com.example.pay", [1]).catch(tellRejected("call")),
    client.publish("com.example.paid", [1]).catch(tellRejected("publish")),
  ]);

  let requests = 0;
  await startRouter(port, (request) => {
    console.log("router:", request);
    requests += 1;
    if (requests === 2) process.exit();
  });
}

main();
JAVASCRIPT
seen=$(timeout 20 node "$folder/outage.cjs" || true)
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

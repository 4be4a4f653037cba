#!/usr/bin/env bash
# autobahn-js 22.11.1 and wampy 8.0.2 come back after a lost connection, but not after a GOODBYE.
#
# A router that shuts down sends GOODBYE with the reason wamp.close.system_shutdown. Both clients take any
# GOODBYE of the router as the end of their work and switch their automatic reconnecting off, whatever the
# reason is. After a close of the WebSocket without GOODBYE, also one with the code 1000, they reconnect.
#
# Output:
#   > autobahn-js connection lost             reconnects
#   > autobahn-js WebSocket close 1000        reconnects
#   > autobahn-js wamp.close.system_shutdown  stays away
#   > autobahn-js wamp.close.close_realm      stays away
#   > wampy       connection lost             reconnects
#   > wampy       WebSocket close 1000        reconnects
#   > wampy       wamp.close.system_shutdown  stays away
#   > wampy       wamp.close.close_realm      stays away
#
# For operators: the restart of a router that says goodbye as the specification asks loses all clients of
# these libraries, while one that is killed gets them back. A proxy in front of a router that restarts can
# close the WebSockets instead of forwarding GOODBYE. Applications have to reconnect by themselves.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  autobahn@22.11.1 cbor@10.0.12 msgpack5@6.1.0 ws@7.5.14 wampy@8.0.2 cbor-x@1.6.9 msgpackr@2.1.4

cat > "$folder/ends.cjs" <<'JAVASCRIPT'
const WebSocket = require("ws");
const autobahn = require("autobahn");
const { Wampy } = require("wampy");

autobahn.log.warn = () => {};
const [HELLO, WELCOME, GOODBYE] = [1, 2, 6];
const roles = { broker: { features: {} }, dealer: { features: {} } };

const ends = {
  "connection lost": (socket) => socket.terminate(),
  "WebSocket close 1000": (socket) => socket.close(1000),
  "wamp.close.system_shutdown": (socket, reason) => socket.send(JSON.stringify([GOODBYE, {}, reason])),
  "wamp.close.close_realm": (socket, reason) => socket.send(JSON.stringify([GOODBYE, {}, reason])),
};

const clients = {
  "autobahn-js": (url) => {
    const client = new autobahn.Connection({ url, realm: "realm1", initial_retry_delay: 0.1 });
    client.open();
  },
  wampy: (url) => {
    const client = new Wampy(url, { realm: "realm1", reconnectInterval: 100, ws: WebSocket });
    client.connect();
  },
};

/** Ends the first session of a client; gives whether it opens a second one within two seconds. */
async function comesBack(start, end) {
  const router = new WebSocket.Server({ host: "127.0.0.1", port: 0 });
  await new Promise((resolve) => router.once("listening", resolve));
  let sessions = 0;
  const isBack = new Promise((resolve) => {
    setTimeout(() => resolve(false), 2000);
    router.on("connection", (socket) => {
      socket.on("message", (text) => {
        if (JSON.parse(text)[0] !== HELLO) return;
        sessions += 1;
        if (sessions === 2) resolve(true);
        if (sessions > 1) return;
        socket.send(JSON.stringify([WELCOME, sessions, { roles }]));
        end(socket);
      });
    });
  });
  start(`ws://127.0.0.1:${router.address().port}`);
  return isBack;
}

async function main() {
  for (const [client, start] of Object.entries(clients)) {
    for (const [name, end] of Object.entries(ends)) {
      const isBack = await comesBack(start, (socket) => end(socket, name));
      console.log(client.padEnd(11), name.padEnd(27), isBack ? "reconnects" : "stays away");
    }
  }
  process.exit();
}
main();
JAVASCRIPT
seen=$(timeout 40 node "$folder/ends.cjs")
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

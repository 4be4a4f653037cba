#!/usr/bin/env bash
# nats.js 3.4.0 (@nats-io/transport-node) forgets what is published while it has no connection, and counts it as sent.
#
# publish() does not throw between the loss of a server and the reconnect, and keeps nothing: the messages are dropped
# when the next connection is made. stats().outMsgs grows with each of them. Only a flush() that waits meanwhile rejects.
# Clients in other languages keep such messages in a buffer, and send them when they have reconnected.
#
# Output, with nats-server 2.15.3 that is stopped and started again:
#   > publish without a connection: no error
#   > counted as sent: 3
#   > flush without a connection: rejected
#   > subscriber: before
#   > subscriber: after
#
# For operators: whoever publishes over NATS from JavaScript has to watch status(), and keep or refuse what is published
# after `disconnect`. A realm with `cluster` does so: docs/cluster.md says what happens to each kind of request.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder" && rm -rf "$folder"' EXIT
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  @nats-io/transport-node@3.4.0
GOPATH="$folder/go" GOBIN="$folder/bin" GOFLAGS=-modcacherw timeout 600 \
  go install github.com/nats-io/nats-server/v2@v2.15.3 2>"$folder/go.log" ||
  { cat "$folder/go.log"; exit 1; }

cat > "$folder/outage.mjs" <<'JAVASCRIPT'
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { connect } from "@nats-io/transport-node";

const free = createServer().listen(0, "127.0.0.1");
await new Promise((resolve) => free.once("listening", resolve));
const { port } = free.address();
await new Promise((resolve) => free.close(resolve));

async function startServer() {
  const server = spawn(process.argv[2], ["-a", "127.0.0.1", "-p", String(port)]);
  await new Promise((resolve) => {
    server.stderr.on("data", (text) => String(text).includes("Server is ready") && resolve());
  });
  return server;
}

async function stop(server) {
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill();
  await ended;
}

const until = async (client, type) => {
  for await (const status of client.status()) if (status.type === type) return;
};

const first = await startServer();
const options = { servers: `127.0.0.1:${port}`, maxReconnectAttempts: -1, reconnectTimeWait: 200 };
const [publisher, subscriber] = [await connect(options), await connect(options)];
const messages = subscriber.subscribe("a");
await subscriber.flush();
publisher.publish("a", "before");
await publisher.flush();

const lost = [until(publisher, "disconnect"), until(subscriber, "disconnect")];
await stop(first);
await Promise.all(lost);
const sent = publisher.stats().outMsgs;
for (const text of ["one", "two", "three"]) publisher.publish("a", text);
console.log("publish without a connection: no error");
console.log(`counted as sent: ${publisher.stats().outMsgs - sent}`);
const flushed = publisher.flush().then(
  () => "resolved",
  () => "rejected",
);

const back = [until(publisher, "reconnect"), until(subscriber, "reconnect")];
const second = await startServer();
await Promise.all(back);
console.log(`flush without a connection: ${await flushed}`);
await subscriber.flush();
publisher.publish("a", "after");
for await (const message of messages) {
  console.log(`subscriber: ${message.string()}`);
  if (message.string() === "after") break;
}
await Promise.all([publisher.close(), subscriber.close()]);
await stop(second);
JAVASCRIPT
seen=$(timeout 60 node "$folder/outage.mjs" "$folder/bin/nats-server" || true)
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

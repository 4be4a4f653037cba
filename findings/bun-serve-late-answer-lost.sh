#!/usr/bin/env bash
# Bun.serve of Bun 1.4.5 closes a connection whose next request arrives before the answer to the first one.
#
# HTTP/1.1 lets a client send requests without waiting (RFC 9112, section 9.3.2), and proxies in front of a server do.
# Bun.serve answers such requests in order while every handler answers at once. If the handler of the first request
# returns a promise that is still pending, the connection is closed: neither request is answered, the handler of the
# second one is never called, and the program gets no error. node:http of Node.js answers both.
#
# Output, for two requests in one write:
#   > Bun.serve, answers at once: 2 answers, handler called 2 times
#   > Bun.serve, answers later:   0 answers, handler called 1 times
#   > node:http, answers later:   2 answers
#
# For operators: put nothing that sends pipelined requests in front of a program on Bun.serve. It fails only for
# handlers that wait, for example for a router, so tests with static pages do not show it.
set -euo pipefail
expected=$(sed -n 's/^#   > //p' "${BASH_SOURCE[0]}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
timeout 90 npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$folder" \
  @oven/bun-linux-x64@1.4.5

cat > "$folder/client.mjs" <<'JAVASCRIPT'
import { connect } from "node:net";

/** The number of answers to two requests in one write. */
export function answersOf(port, path) {
  return new Promise((resolve) => {
    let received = "";
    const client = connect(port, "127.0.0.1");
    const get = (close) => `GET ${path} HTTP/1.1\r\nHost: a\r\n${close}\r\n`;
    client.write(get("") + get("Connection: close\r\n"));
    client.on("data", (octets) => (received += octets));
    client.on("close", () => resolve(received.split("HTTP/1.1 200").length - 1));
  });
}
JAVASCRIPT
cat > "$folder/bun.mjs" <<'JAVASCRIPT'
import { answersOf } from "./client.mjs";

let calls = 0;
const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request) {
    calls += 1;
    if (request.url.endsWith("/now")) return new Response("here");
    return Bun.sleep(50).then(() => new Response("here"));
  },
});
for (const [name, path] of [["answers at once:", "/now"], ["answers later:  ", "/later"]]) {
  calls = 0;
  const answers = await answersOf(server.port, path);
  console.log(`Bun.serve, ${name} ${answers} answers, handler called ${calls} times`);
}
process.exit();
JAVASCRIPT
cat > "$folder/node.mjs" <<'JAVASCRIPT'
import { createServer } from "node:http";
import { answersOf } from "./client.mjs";

const server = createServer((_, response) => setTimeout(() => response.end("here"), 50));
server.listen(0, "127.0.0.1", async () => {
  console.log(`node:http, answers later:   ${await answersOf(server.address().port, "/")} answers`);
  process.exit();
});
JAVASCRIPT
seen=$(
  timeout 20 "$folder/node_modules/@oven/bun-linux-x64/bin/bun" "$folder/bun.mjs"
  timeout 20 node "$folder/node.mjs"
)
diff -u <(echo "$expected") <(echo "$seen")
echo "As described."

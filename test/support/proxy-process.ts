/** A proxy in a process of its own, for tests of its limits: `bun proxy-process.ts <socket of its router>`. */

import { startProxyWorker } from "#worker/proxy-worker.ts";
import { quietContext } from "./quiet-context.ts";
import { webSocketDefaults } from "./websocket-defaults.ts";

const path = process.argv[2] ?? "";
const say = (event: string) => console.error(event);
const worker = await startProxyWorker(
  {
    type: "proxy",
    id: "proxy",
    connections: {
      router: {
        id: "router",
        auth: "anonymous-proxy",
        transport: {
          type: "rawsocket",
          endpoint: { type: "unix", path, timeoutMs: 5000 },
          serializer: "cbor",
          max_message_size: 2 ** 24,
        },
      },
    },
    routes: {},
    transports: [
      {
        type: "websocket",
        id: "ws",
        endpoint: { type: "tcp", port: 0, interface: "127.0.0.1", shared: false },
        serializers: ["json"],
        auth: "passthrough",
        backend: "router",
        options: webSocketDefaults,
      },
    ],
  },
  { log: { error: say, warn: say, info() {}, debug() {} }, nodeInfo: quietContext.nodeInfo },
);
console.log(worker.urls[0]);

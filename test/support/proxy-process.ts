/** A proxy in a process of its own, for tests of its limits: `bun proxy-process.ts <socket of its router>`. */

import { startProxyWorker } from "#worker/proxy-worker.ts";
import { connectionTo } from "./proxy-worker.ts";
import { quietContext } from "./quiet-context.ts";
import { webSocketTransport } from "./transports.ts";

const path = process.argv[2] ?? "";
const say = (event: string) => console.error(event);
const worker = await startProxyWorker(
  {
    type: "proxy",
    id: "proxy",
    connections: { router: connectionTo("router", path) },
    routes: {},
    transports: [webSocketTransport({}, { backend: "router" })],
  },
  { ...quietContext, log: { error: say, warn: say, info() {}, debug() {} } },
);
console.log(worker.urls[0]);

/** What the page of a node shows of transports. */

import { expect, test } from "bun:test";
import type { WorkerConfig } from "#config/node/worker-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import { transportFactsOf } from "#node/transport-facts.ts";
import { jsonAt } from "../../support/json-service.ts";
import { openNodePage } from "../../support/node-page-service.ts";
import { anyPort, rawSocketTransport, webSocketTransport } from "../../support/transports.ts";

const tls = { key: "/etc/tls.key", certificate: "/etc/tls.pem", chain_certificates: [] };
const unix = { type: "unix" as const, path: "/run/node.sock", permission: 0o600 };
const paths = {
  "/": openNodePage,
  nest: { type: "path" as const, paths: { "/": jsonAt("1"), deep: jsonAt("2") } },
};

test.each<[TransportConfig, object]>([
  [
    { type: "web", id: "web1", endpoint: { ...anyPort, port: 8080, tls }, paths },
    {
      id: "web1",
      type: "web",
      endpoint: "tcp",
      port: 8080,
      tls: true,
      paths: [
        { path: "/", type: "nodeinfo" },
        { path: "/nest", type: "json" },
        { path: "/nest/deep", type: "json" },
      ],
    },
  ],
  [
    rawSocketTransport({}, { endpoint: unix }),
    { id: "transport001", type: "rawsocket", endpoint: "unix", port: null, tls: false, paths: [] },
  ],
  [
    webSocketTransport({}, { endpoint: unix }),
    {
      id: "transport001",
      type: "websocket",
      endpoint: "unix",
      port: null,
      tls: false,
      paths: [{ path: "/", type: "websocket" }],
    },
  ],
  [
    { type: "universal", id: "all", endpoint: anyPort, rawsocket: null, paths: null },
    { id: "all", type: "universal", endpoint: "tcp", port: 0, tls: false, paths: [] },
  ],
])("are its ports and paths, and no address and no file: %#", (transport, facts) => {
  const worker: WorkerConfig = { type: "router", id: "r", realms: [], transports: [transport] };
  const found = transportFactsOf(worker);
  expect(found as object[]).toEqual([facts]);
  expect(JSON.stringify(found)).not.toMatch(/127|run|etc/);
});

test("a container has none", () => {
  const worker = { type: "container", id: "c" } as unknown as WorkerConfig;
  expect(transportFactsOf(worker)).toEqual([]);
});

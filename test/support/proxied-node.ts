/** A node with a router worker and a proxy worker before it; everybody may do everything. */

import { temporaryFolder } from "./temporary-folder.ts";
import { freePorts, nodeForTest } from "./temporary-node.ts";

/** The ports of both workers, for WebSocket clients. */
interface Ports {
  proxyPort: number;
  routerPort: number;
}

/** The node's configuration. */
export function proxiedNodeConfig({ proxyPort, routerPort }: Ports) {
  const allow = { call: true, register: true, publish: true, subscribe: true };
  const role = { name: "anonymous", permissions: [{ uri: "", match: "prefix", allow }] };
  const endpoint = { type: "unix", path: "router.sock" };
  const trusted = { "anonymous-proxy": { type: "static" } };
  const auth = { anonymous: { type: "static", role: "anonymous" } };
  const at = (port: number) => ({ type: "tcp", port, interface: "127.0.0.1" });
  return {
    version: 2,
    workers: [
      {
        type: "router",
        realms: [{ name: "realm1", roles: [role] }],
        transports: [
          { type: "rawsocket", endpoint, serializers: ["cbor"], auth: trusted },
          { type: "websocket", endpoint: at(routerPort), auth },
        ],
      },
      {
        type: "proxy",
        connections: {
          router: { transport: { type: "rawsocket", endpoint, serializer: "cbor" } },
        },
        routes: { realm1: { anonymous: "router" } },
        transports: [{ type: "websocket", endpoint: at(proxyPort), auth }],
      },
    ],
  };
}

/** Starts the node for one test. */
export async function proxiedNode(...args: string[]) {
  const [proxyPort = 0, routerPort = 0] = freePorts(2);
  const ports = { proxyPort, routerPort };
  const node = await nodeForTest(
    temporaryFolder({ "node.json": proxiedNodeConfig(ports) }),
    ...args,
  );
  return { node, ...ports };
}

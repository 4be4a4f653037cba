/** A node with a router worker and a proxy worker before it; everybody may do everything. */

import type { SerializerName } from "#wamp/serializer-name.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { freePorts, nodeForTest } from "./temporary-node.ts";

/** The ports of both workers, for WebSocket clients. */
interface Ports {
  proxyPort: number;
  routerPort: number;
}

/** How the proxy reaches its router, over a Unix socket. */
export interface ToRouter {
  type: "rawsocket" | "websocket";
  serializer: SerializerName;
}

const RAWSOCKET: ToRouter = { type: "rawsocket", serializer: "cbor" };

/** The configuration of the node; its workers are `router` and `proxy`. */
export function proxiedNodeConfig(
  { proxyPort, routerPort }: Ports,
  toRouter: ToRouter = RAWSOCKET,
) {
  const { type, serializer } = toRouter;
  const allow = { call: true, register: true, publish: true, subscribe: true };
  const role = { name: "anonymous", permissions: [{ uri: "", match: "prefix", allow }] };
  const endpoint = { type: "unix", path: "router.sock" };
  const serializers = [serializer];
  const transport =
    type === "rawsocket"
      ? { type, endpoint, serializer }
      : { type, endpoint, serializers, url: "ws://localhost/" };
  const trusted = { "anonymous-proxy": { type: "static" } };
  const auth = { anonymous: { type: "static", role: "anonymous" } };
  const at = (port: number) => ({ type: "tcp", port, interface: "127.0.0.1" });
  return {
    version: 2,
    workers: [
      {
        type: "router",
        id: "router",
        realms: [{ name: "realm1", roles: [role] }],
        transports: [
          { type, endpoint, serializers, auth: trusted },
          { type: "websocket", endpoint: at(routerPort), auth },
        ],
      },
      {
        type: "proxy",
        id: "proxy",
        connections: { router: { transport } },
        routes: { realm1: { anonymous: "router" } },
        transports: [{ type: "websocket", endpoint: at(proxyPort), auth }],
      },
    ],
  };
}

/** Starts the node for one test, with these arguments. */
export async function proxiedNode({ toRouter = RAWSOCKET, args = [] as string[] } = {}) {
  const [proxyPort = 0, routerPort = 0] = freePorts(2);
  const ports = { proxyPort, routerPort };
  const configuration = proxiedNodeConfig(ports, toRouter);
  const node = await nodeForTest(temporaryFolder({ "node.json": configuration }), ...args);
  return { node, ...ports };
}

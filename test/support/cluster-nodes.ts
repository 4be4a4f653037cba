/** Nodes with a router of one realm, which NATS connects, and clients that join them. */

import { expect } from "bun:test";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { ScriptedClient } from "./scripted-client.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { freePort, startNode, type TemporaryNode } from "./temporary-node.ts";

const everything = { call: true, register: true, publish: true, subscribe: true };
const roles = [{ name: "anonymous", permissions: [{ uri: "*", allow: everything }] }];

/** Announces what the tests use. */
const HELLO = [
  1,
  "realm1",
  {
    roles: {
      caller: {},
      publisher: {},
      callee: { features: { call_canceling: true, registration_revocation: true } },
      subscriber: {},
    },
  },
];

/** A node of a cluster. */
export interface ClusterNode extends TemporaryNode {
  readonly url: string;
  readonly adminUrl: string;
  join(serializer?: SerializerName): Promise<ClusterClient>;
}

/** A client that has joined, and its session. */
export interface ClusterClient {
  readonly client: ScriptedClient;
  readonly id: number;
  /** Says a message, and takes the next one that comes. */
  ask(message: unknown[]): Promise<unknown[]>;
  next(): Promise<unknown[]>;
}

/** Starts a node whose router has `realm1` in the cluster of these servers. */
export async function startClusterNode(
  servers: readonly string[],
  cluster: object = {},
): Promise<ClusterNode> {
  const [port, adminPort] = [freePort(), freePort()];
  const config = {
    version: 2,
    controller: { admin: { endpoint: { type: "tcp", port: adminPort, interface: "127.0.0.1" } } },
    workers: [
      {
        type: "router",
        id: "router",
        realms: [
          {
            name: "realm1",
            roles,
            cluster: { type: "nats", servers, presence_timeout: 2_000, ...cluster },
          },
        ],
        transports: [
          {
            type: "websocket",
            endpoint: { type: "tcp", port, interface: "127.0.0.1" },
            auth: { anonymous: { type: "static", role: "anonymous" } },
          },
        ],
      },
    ],
  };
  const node = await startNode(temporaryFolder({ "node.json": config }));
  const url = `ws://127.0.0.1:${port}/`;
  return {
    ...node,
    url,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    join: (serializer = "json") => joinAt(url, serializer),
  };
}

async function joinAt(url: string, serializer: SerializerName): Promise<ClusterClient> {
  const client = await ScriptedClient.open(url, serializer);
  const next = async () => (await client.next()) ?? [];
  client.says(HELLO);
  const [type, id] = await next();
  expect(type).toBe(2);
  return {
    client,
    id: id as number,
    next,
    ask(message) {
      client.says(message);
      return next();
    },
  };
}

/** Configurations that are loaded as if they stood in a file. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { loadNodeConfig } from "#config/load.ts";
import type { NodeConfig } from "#config/node/node-config.ts";
import type { TransportConfig } from "#config/transport/transport-config.ts";
import { removeTemporaryFolder, temporaryFolder } from "./temporary-folder.ts";

/** Loads a value, or a text, as a file of a folder of its own; issues are `path: sentence`. */
export async function loadNode(
  value: unknown,
  env: Record<string, string> = {},
  name = "node.json",
) {
  const folder = temporaryFolder({ [name]: value });
  mkdirSync(join(folder, "web"));
  const { config, faults, warnings } = await loadNodeConfig(join(folder, name), env);
  // At once, for tests load thousands.
  removeTemporaryFolder(folder);
  const sentences = (list: { path: string; sentence: string }[]) =>
    list.map(({ path, sentence }) => `${path}: ${sentence}`);
  return { config, faults: sentences(faults), warnings: sentences(warnings) };
}

/** A node about which there is nothing to say, with something of every kind. */
const soundNode = {
  version: 2,
  controller: { id: "node1", options: {} },
  workers: [
    {
      type: "router",
      options: {},
      realms: [
        { name: "realm1", roles: [{ name: "anonymous", permissions: [{ uri: "*", allow: {} }] }] },
      ],
      transports: [
        {
          type: "rawsocket",
          endpoint: { type: "unix", path: "router.sock" },
          auth: { "anonymous-proxy": { type: "static" } },
        },
      ],
    },
    {
      type: "proxy",
      connections: {
        ws: {
          transport: {
            url: "ws://localhost",
            endpoint: { type: "unix", path: "ws.sock" },
            options: {},
          },
        },
        raw: {
          transport: {
            type: "rawsocket",
            endpoint: { type: "unix", path: "router.sock" },
            options: {},
          },
        },
      },
      routes: { realm1: { anonymous: "raw" } },
      transports: [
        {
          type: "web",
          endpoint: { type: "tcp", port: 8080, tls: undefined },
          options: {},
          paths: {
            json: { type: "json", value: [1], options: {} },
            zip: {
              type: "archive",
              archive: "a.zip",
              origin: "http://localhost/a.zip",
              download: true,
              options: {},
            },
            files: { type: "static", directory: "web" },
            ws: {
              type: "websocket",
              serializers: ["json"],
              auth: { anonymous: { type: "static" } },
              options: { compression: { deflate: {} } },
              cookie: { store: { type: "file", filename: "cookies" } },
            },
            own: {
              type: "websocket-proxy",
              backends: [{ url: "ws://localhost", endpoint: { type: "unix", path: "ws.sock" } }],
            },
          },
        },
        {
          type: "universal",
          endpoint: { type: "unix", path: "u.sock" },
          rawsocket: { auth: { anonymous: { type: "static" } } },
          web: { paths: { "/": { type: "nodeinfo" } }, options: {} },
        },
      ],
    },
  ],
};

/** That node, or another, with another value at a path such as `$.workers[0].options.title`. */
export function nodeWith(path: string, value: unknown, base: unknown = soundNode): unknown {
  const node: unknown = structuredClone(base);
  const names = [...path.matchAll(/\.([\w$]+)|\[(\d+)\]|\["([^"]+)"\]/g)].map(
    ([, name, index, quoted]) => name ?? index ?? quoted ?? "",
  );
  const last = names.pop() ?? "";
  let place = node as Record<string, unknown>;
  for (const name of names) {
    place[name] ??= {};
    place = place[name] as Record<string, unknown>;
  }
  place[last] = value;
  return node;
}

/** The names in such a path. */
export function namesIn(path: string): string[] {
  return path.split(/[.[\]"]+/);
}

/** The transports of a node's first worker; none where it is a guest or a container. */
export function transportsOf(config: NodeConfig | null): TransportConfig[] {
  const worker = config?.workers[0];
  return worker !== undefined && "transports" in worker ? worker.transports : [];
}

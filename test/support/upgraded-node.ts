/** Nodes whose program is replaced while clients use them: routers apart, a proxy node, and the command. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterTest } from "./cleanups.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { BINARY, freePort, nodeForTest, startNode, type TemporaryNode } from "./temporary-node.ts";

const may = { call: true, register: true, publish: true, subscribe: true };
const role = {
  name: "anonymous",
  permissions: [{ uri: "", match: "prefix", allow: may }],
};
const anonymous = { anonymous: { type: "static", role: "anonymous" } };

/** The id of the process that is the node of a folder. */
export function nodePid(folder: string): number {
  return JSON.parse(readFileSync(join(folder, "node.pid"), "utf8")).pid;
}

/** Runs a command of the built binary in a folder. */
export async function command(folder: string, ...args: string[]) {
  const child = Bun.spawn([BINARY, ...args], { cwd: folder, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { output: stdout + stderr, exitCode };
}

/** A worker of type router, with WebSockets on a port, and more transports. */
export function routerWorker(port: number, ...transports: object[]) {
  const endpoint = { type: "tcp", port, interface: "127.0.0.1" };
  return {
    type: "router",
    realms: [{ name: "realm1", roles: [role] }],
    transports: [{ type: "websocket", endpoint, auth: anonymous }, ...transports],
  };
}

/** A worker of type proxy before the router of a Unix socket. */
export function proxyWorker(id: string, routerSocket: string, endpoints: object[]) {
  const endpoint = { type: "unix", path: routerSocket };
  const paths = {
    "/": { type: "websocket", auth: anonymous },
    lp: { type: "longpoll", auth: anonymous },
  };
  return {
    type: "proxy",
    id,
    connections: { router: { transport: { type: "rawsocket", endpoint, serializer: "cbor" } } },
    routes: { realm1: { anonymous: "router" } },
    transports: endpoints.map((one) => ({ type: "web", endpoint: one, paths })),
  };
}

/** Starts a node of such workers; whatever process is the node of the folder ends with the test. */
export async function upgradableNode(
  workers: object[],
  controller: object = {},
): Promise<TemporaryNode> {
  const folder = temporaryFolder({ "node.json": { version: 2, controller, workers } });
  const node = await startNode(folder);
  afterTest(async () => {
    await command(folder, "stop");
    await node.exited;
  });
  return node;
}

/** A router in a node of its own, for one test: its socket for proxies, and a URL for clients. */
export async function separateRouter() {
  const port = freePort();
  const folder = temporaryFolder();
  const socket = join(folder, "router.sock");
  const forProxies = {
    type: "rawsocket",
    endpoint: { type: "unix", path: socket },
    serializers: ["cbor"],
    auth: { "anonymous-proxy": { type: "static" } },
  };
  const workers = [routerWorker(port, forProxies)];
  await Bun.write(join(folder, "node.json"), JSON.stringify({ version: 2, workers }));
  await nodeForTest(folder);
  return { socket, url: `ws://127.0.0.1:${port}/` };
}

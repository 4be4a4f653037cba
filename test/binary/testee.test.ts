/** Testees of the built binary: a worker of their own, and a transport beside others. */

import { expect, test } from "bun:test";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNode, workerPids } from "../support/temporary-node.ts";

/** Sends a message and answers what comes back. */
async function echo(port: number, message: string): Promise<unknown> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  socket.onopen = () => socket.send(message);
  socket.onmessage = ({ data }) => resolve(data);
  socket.onclose = ({ code }) => reject(new Error(`closed with ${code}`));
  const answer = await promise;
  socket.terminate();
  return answer;
}

test("a testee is a worker, or a transport of a proxy or a router", async () => {
  const ports = [freePort(), freePort(), freePort()];
  const [alone, proxied, routed] = ports.map((port) => ({
    type: "websocket.testee",
    endpoint: { type: "tcp", interface: "127.0.0.1", port },
    options: { compression: { deflate: {} } },
  }));
  const folder = temporaryFolder({
    "node.json": {
      version: 2,
      workers: [
        { type: "websocket-testee", id: "testee", transport: alone },
        { type: "proxy", id: "proxy", transports: [proxied] },
        { type: "router", id: "router", transports: [routed] },
      ],
    },
  });
  const node = await startNode(folder);
  expect(Object.keys(workerPids(node.output()))).toEqual(["testee", "proxy", "router"]);
  for (const port of ports) expect(await echo(port, `hello ${port}`)).toBe(`hello ${port}`);
  expect(await node.stop()).toBe(0);
});

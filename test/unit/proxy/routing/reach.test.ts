/** Which routers of a worker's routes can be reached now. */

import { expect, test } from "bun:test";
import { createServer } from "node:net";
import { join } from "node:path";
import { RealmRoutes } from "#proxy/routing/realm-routes.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { connectionTo } from "../../../support/proxy-worker.ts";
import { quiet } from "../../../support/quiet-context.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const folder = temporaryFolder();

/** A router that accepts connections, and answers a handshake or not; gives how many there were. */
async function router(id: string, answers: boolean): Promise<() => number> {
  let count = 0;
  const server = createServer((socket) => {
    count += 1;
    socket.on("error", () => {});
    socket.on("data", (octets: Buffer) => answers && socket.write(octets));
    afterTest(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(join(folder, `${id}.sock`), resolve));
  afterTest(() => server.close());
  return () => count;
}

function table() {
  const ids = ["up", "silent", "gone", "unused"];
  const connections = Object.fromEntries(
    ids.map((id) => [id, connectionTo(id, join(folder, `${id}.sock`))]),
  );
  const routes = { realm1: { user: ["up", "silent"], admin: ["up"] }, realm2: { "*": ["gone"] } };
  const made = new RealmRoutes({ connections, routes }, quiet);
  afterTest(() => made.stop());
  return made;
}

test("each router is connected to once, and one that does not answer in time is unreachable", async () => {
  const connections = await router("up", true);
  const silent = await router("silent", false);
  const routes = table();
  const pass = fakeTime();
  const found = [routes.reach(), routes.reach()];
  const isUp = () => routes.figures().some(({ health }) => health === "up");
  while (!isUp() || silent() === 0) await new Promise((resolve) => setImmediate(resolve));
  pass(1_500);
  const none = { markedDown: [] };
  const expected = [
    { realm: "realm1", role: "user", reachable: ["up"], unreachable: ["silent"], ...none },
    { realm: "realm1", role: "admin", reachable: ["up"], unreachable: [], ...none },
    { realm: "realm2", role: "*", reachable: [], unreachable: ["gone"], ...none },
  ];
  expect(await Promise.all(found)).toEqual([expected, expected]);
  expect([connections(), silent()]).toEqual([1, 1]);
  expect(routes.figures().map(({ health }) => health)).toEqual([
    "up",
    "unknown",
    "down",
    "unknown",
  ]);
});

test("a router that is marked down is not asked", async () => {
  const connections = await router("up", true);
  const routes = table();
  routes.mark([
    { connection: "up", address: null },
    { connection: "silent", address: null },
  ]);
  expect(await routes.reach()).toEqual([
    { realm: "realm1", role: "user", reachable: [], unreachable: [], markedDown: ["up", "silent"] },
    { realm: "realm1", role: "admin", reachable: [], unreachable: [], markedDown: ["up"] },
    { realm: "realm2", role: "*", reachable: [], unreachable: ["gone"], markedDown: [] },
  ]);
  expect(connections()).toBe(0);
});

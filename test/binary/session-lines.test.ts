/** What the log of a node says of its sessions: joins, leaves, refusals, and a router that is lost with all of them. */

import { expect, test } from "bun:test";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, nodeForTest, workerPids } from "../support/temporary-node.ts";
import { wampSocket } from "../support/wamp-socket.ts";

const permissions = [{ uri: "", match: "prefix", allow: { call: true } }];
const unix = { type: "unix", path: "router.sock" };

/** A node with a router and a proxy, whose clients join with a ticket on this port. */
function nodeFolder(port: number): string {
  const router = {
    type: "router",
    id: "router1",
    realms: [{ name: "realm1", roles: [{ name: "user", permissions }] }],
    transports: [
      { type: "rawsocket", endpoint: unix, auth: { "anonymous-proxy": { type: "static" } } },
    ],
  };
  const principals = { joe: { ticket: "s3cret", role: "user" } };
  const paths = { ws: { type: "websocket", auth: { ticket: { type: "static", principals } } } };
  const proxy = {
    type: "proxy",
    id: "proxy1",
    connections: {
      conn1: { transport: { type: "rawsocket", endpoint: unix, serializer: "cbor" } },
    },
    routes: { realm1: { user: "conn1" } },
    transports: [{ type: "web", endpoint: { type: "tcp", port, interface: "127.0.0.1" }, paths }],
  };
  return temporaryFolder({ "node.json": { version: 2, workers: [router, proxy] } });
}

async function join(port: number, ticket = "s3cret") {
  const client = await wampSocket(`ws://127.0.0.1:${port}/ws`);
  client.says([1, "realm1", { authmethods: ["ticket"], authid: "joe", roles: { caller: {} } }]);
  await client.next();
  client.says([5, ticket, {}]);
  return { ...client, answer: await client.next() };
}

test("has a line for a join and a leave on proxy and router, and for a refusal", async () => {
  const port = freePort();
  const node = await nodeForTest(nodeFolder(port));
  const client = await join(port);
  const session = String(client.answer[1]);
  const known = `session=${session} realm=realm1 authid=joe`;
  const identity = `${known} authrole=user authmethod=ticket`;
  client.says([6, {}, "wamp.close.normal"]);
  await client.next();
  await join(port, "wrong");
  await node.untilOutput(/client refused/);
  const peer = "peer=tcp4:127\\.0\\.0\\.1:\\d+";
  for (const line of [
    `\\[Proxy .* session joined ${peer} transport=websocket serializer=json ${identity}`,
    `\\[Router .* session joined peer=unix:\\S+ ${identity} transport=rawsocket serializer=cbor client=tcp4:127`,
    `\\[Proxy .* session left ${peer} ${known} reason="client: wamp.close.normal" seconds=\\d`,
    `\\[Router .* session left peer=unix:\\S+ ${known} reason="client: wamp.close.normal" seconds=\\d`,
    `\\[Proxy .* client refused ${peer} realm=realm1 authid=joe reason="Cannot authenticate`,
  ]) {
    await node.untilOutput(new RegExp(line));
  }
  expect(node.output()).not.toContain("s3cret");
  expect(node.output()).not.toContain("wrong");
});

test("has one line for a router that many clients cannot reach", async () => {
  const port = freePort();
  const folder = nodeFolder(port);
  const file = `${folder}/node.json`;
  const { workers, ...node } = await Bun.file(file).json();
  await Bun.write(file, JSON.stringify({ ...node, workers: workers.slice(1) }));
  const running = await nodeForTest(folder);
  const clients = await Promise.all(Array.from({ length: 10 }, () => join(port)));
  expect(clients.map(({ answer }) => answer[0])).toEqual(Array(10).fill(3));
  await running.untilOutput(/router failed reason=/);
  expect(running.output().match(/router failed reason=/g)).toHaveLength(1);
});

test("has one line for a router that is lost with all its sessions", async () => {
  const port = freePort();
  const node = await nodeForTest(nodeFolder(port));
  const clients = await Promise.all(Array.from({ length: 20 }, () => join(port)));
  process.kill(workerPids(node.output())["router1"] ?? 0, "SIGKILL");
  await Promise.all(clients.map(({ next }) => next()));
  await node.untilOutput(/router connection lost/);
  const left = () => node.output().match(/\[Proxy .*session left .*\n/g) ?? [];
  while (left().length < 20) await node.untilOutput(/\n/, node.output().length);
  const lost = node.output().match(/router connection lost .*/g) ?? [];
  expect(lost).toHaveLength(1);
  expect(lost[0]).toMatch(/^router connection lost connection=conn1 sessions=20 reason=/);
  expect(node.output().match(/\[Proxy .*session left .* reason="?router lost/g)).toHaveLength(20);
});

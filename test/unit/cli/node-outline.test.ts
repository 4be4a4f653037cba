import { expect, test } from "bun:test";
import { printOutline } from "#cli/node-outline.ts";
import { loadNode } from "../../support/loaded-node.ts";

test("the outline of a node names what each kind of worker has", async () => {
  const unix = { type: "unix", path: "r.sock" };
  const transport = { type: "rawsocket", endpoint: unix, serializer: "json" };
  const component = { type: "class", classname: "a.B", realm: "realm1" };
  const router = {
    type: "router",
    id: "router1",
    realms: [{ name: "realm1", roles: [{ name: "user" }] }, { name: "realm2" }],
    components: [{ ...component, id: "inner" }],
    transports: [
      { type: "rawsocket", endpoint: unix, auth: { "anonymous-proxy": { type: "static" } } },
    ],
  };
  const proxy = {
    type: "proxy",
    id: "proxy1",
    connections: { conn1: { transport } },
    routes: { realm1: { user: "conn1" } },
    transports: [
      {
        type: "web",
        endpoint: { type: "tcp", port: 8080 },
        paths: { info: { type: "nodeinfo", token: "s3cret" } },
      },
    ],
  };
  const container = {
    type: "container",
    id: "container1",
    components: [{ ...component, id: "outer", transport }],
  };
  const guest = { type: "guest", id: "guest1", executable: "program", arguments: ["s3cret"] };
  const workers = [router, proxy, container, guest];
  const { config, faults } = await loadNode({ version: 2, controller: { id: "node1" }, workers });
  expect(faults).toEqual([]);
  if (config === null) return;
  expect(printOutline({ ...config, folder: "/node" }).split("\n")).toEqual([
    "node node1 in /node",
    "  router router1",
    "    realm realm1: user",
    "    realm realm2: no roles",
    "    component inner",
    "    rawsocket on a Unix socket",
    "  proxy proxy1",
    "    route realm1 user: conn1",
    "    web on port 8080",
    "      /info nodeinfo",
    "  container container1",
    "    component outer of realm realm1",
    "  guest guest1",
    "    runs program",
    "",
  ]);
});

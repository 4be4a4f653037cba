/** Sockets to listen on. */

import { describe, expect, test } from "bun:test";
import { loadNode, transportsOf } from "../../support/loaded-node.ts";
import { proxyNode } from "../../support/proxy-node.ts";

describe("a TCP endpoint", () => {
  const at = "$.workers[0].transports[0].endpoint";
  const loadEndpoint = async (endpoint: object) => {
    const { config, faults, warnings } = await loadNode(
      proxyNode({ endpoint: { type: "tcp", ...endpoint } }),
    );
    const written = transportsOf(config)[0]?.endpoint;
    const ownWarnings = warnings.filter((warning) => warning.startsWith(at));
    return { endpoint: written, faults, warnings: ownWarnings };
  };

  test("honours portrange, interface and version", async () => {
    const { endpoint } = await loadEndpoint({ portrange: [8080, 8089], version: 6 });
    expect(endpoint).toEqual({
      type: "tcp",
      port: 8080,
      portrange: [8080, 8089],
      interface: "::",
      version: 6,
      shared: false,
    });
    const named = await loadEndpoint({ port: 1, interface: "127.0.0.1", version: 4 });
    expect(named.endpoint).toMatchObject({ interface: "127.0.0.1" });
    expect(named.warnings).toEqual([]);
  });

  test("needs one of port and portrange, well formed", async () => {
    expect((await loadEndpoint({})).faults).toEqual([`${at}.port: required attribute is missing`]);
    expect(await loadEndpoint({ port: 1, portrange: [1, 2] })).toMatchObject({
      faults: [],
      warnings: [`${at}.port: has no effect: there is a "portrange"`],
    });
    for (const portrange of [[2, 1], [0, 1], [1, 65_536], [1], [1, 2, 3], "1-2", [1, 1.5]]) {
      expect((await loadEndpoint({ portrange })).faults).toEqual([
        `${at}.portrange: expected two ports from 1 to 65535, the lower one first`,
      ]);
    }
  });

  test("is not said to have the port of another one whose port is a fault too", async () => {
    const transports = [{}, {}, { port: "$PORT" }, { port: "$PORT" }].map((port) => ({
      type: "rawsocket",
      endpoint: { type: "tcp", ...port },
    }));
    const { faults } = await loadNode(proxyNode({}, { transports }), { PORT: "70000" });
    const sentences = faults.map((fault) => fault.replace(/^.*endpoint\.port: /, ""));
    expect(sentences).toEqual([
      "required attribute is missing",
      "required attribute is missing",
      "environment variable $PORT is not a port from 1 to 65535",
      "environment variable $PORT is not a port from 1 to 65535",
    ]);
  });

  test("names what is not honoured, and what follows from that", async () => {
    const { warnings } = await loadEndpoint({
      port: 1,
      interface: "127.0.0.1",
      version: 6,
      user_timeout: 5000,
      backlog: 50,
      share_with_other_nodes: true,
    });
    expect(warnings.toSorted()).toEqual([
      `${at}.share_with_other_nodes: not honoured: "shared" is not true`,
      `${at}.user_timeout: not honoured: what is sent to a client that is gone is given up when it answers no ping`,
      `${at}.version: not honoured: "127.0.0.1" is an address of IPv4`,
    ]);
  });

  test("lets ranges overlap, and IPv6 alone stand beside IPv4", async () => {
    const transports = (...endpoints: object[]) => ({
      version: 2,
      workers: [
        {
          type: "router",
          realms: [{ name: "realm1", roles: [{ name: "anonymous" }] }],
          transports: endpoints.map((endpoint) => ({
            type: "rawsocket",
            endpoint: { type: "tcp", ...endpoint },
          })),
        },
      ],
    });
    const range = { portrange: [8080, 8089] };
    expect((await loadNode(transports(range, range))).faults).toEqual([]);
    const apart = transports({ port: 80 }, { port: 80, version: 6 });
    expect((await loadNode(apart)).faults).toEqual([]);
    expect((await loadNode(transports({ port: 80 }, { port: 80 }))).faults).toHaveLength(1);
  });
});

test.each([384, "600x", "0o600"])("refuses the mode %j of a socket file", async (permission) => {
  const endpoint = { type: "unix", path: "a.sock", permission };
  expect((await loadNode(proxyNode({ endpoint }))).faults).toEqual([
    `$.workers[0].transports[0].endpoint.permission: expected an octal mode in quotes such as "0600", found ${JSON.stringify(permission)}`,
  ]);
});

test("refuses a socket file name that the system cannot take", async () => {
  const endpoint = { type: "unix", path: `/tmp/${"x".repeat(103)}` };
  expect((await loadNode(proxyNode({ endpoint }))).faults[0]).toContain("has 108 octets");
});

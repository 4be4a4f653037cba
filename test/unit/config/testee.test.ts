/** Testees, as workers and as transports. */

import { expect, test } from "bun:test";
import { loadNode } from "../../support/loaded-node.ts";
import { proxyNode } from "../../support/proxy-node.ts";

test.each(["websocket", "websocket.testee"])(
  "takes a testee worker with a transport of type %s",
  async (type) => {
    const endpoint = { type: "tcp", port: 9001 };
    const transport = { type, endpoint, options: { max_message_size: 99 } };
    const worker = { type: "websocket-testee", transport };
    const { config, faults } = await loadNode({ version: 2, workers: [worker] });
    expect(faults).toEqual([]);
    expect(config?.workers[0]).toMatchObject({
      type: "websocket-testee",
      id: "worker001",
      transports: [
        {
          type: "websocket.testee",
          id: "transport000",
          endpoint: { type: "tcp", port: 9001 },
          options: { max_message_size: 99, show_server_version: true },
        },
      ],
    });
  },
);

test("warns of options of sessions on a testee, which has none", async () => {
  const options = {
    told_by_close: ["shutdown"],
    stall_timeout: 1000,
    hello_timeout: 1000,
    join_timeout: 1000,
    authenticate_timeout: 1000,
    max_auth_failures_per_minute: 1,
  };
  const endpoint = { type: "unix", path: "a.sock" };
  const transport = { type: "websocket.testee", endpoint, options };
  for (const [worker, path] of [
    [{ type: "websocket-testee", transport }, "$.workers[0].transport"],
    [{ type: "router", transports: [transport] }, "$.workers[0].transports[0]"],
  ]) {
    const { warnings } = await loadNode({ version: 2, workers: [worker] });
    expect(warnings).toEqual(
      Object.keys(options).map(
        (name) => `${path}.options.${name}: not honoured: a testee has no sessions`,
      ),
    );
  }
});

test("tells of a testee worker's port that is taken, where it stands", async () => {
  const endpoint = { type: "tcp", port: 8080 };
  const testee = { type: "websocket-testee", transport: { type: "websocket", endpoint } };
  const { workers } = proxyNode({});
  const { faults } = await loadNode({ version: 2, workers: [...workers, testee] });
  expect(faults).toEqual([
    '$.workers[1].transport.endpoint.port: port 8080 is already used by worker "worker001"; both need "shared": true',
  ]);
});

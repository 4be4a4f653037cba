/** Options whose value reaches the worker in another spelling than it is written in. */

import { describe, expect, test } from "bun:test";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";
import { titled } from "../../support/titles.ts";

const permission = "$.workers[0].realms[0].roles[0].permissions[0]";
const proxy = "$.workers[1]";
const VARIABLE = `\${OFF}`;

const ownDefaults = { cpu_affinity: [], env: { inherit: true, vars: {} }, restart: "on-failure" };

/** The value that stands in the normalized configuration at a path without the dollar sign. */
function at(config: unknown, path: string): unknown {
  const names = path.split(".");
  return names.reduce((place, name) => (place as Record<string, unknown>)[name], config);
}

test.each<[path: string, value: unknown, where: string, expected: unknown]>([
  ["$.controller.id", "node7", "controller.id", "node7"],
  ["$.controller", undefined, "controller.id", expect.stringMatching(/^[a-z][a-z0-9_]{2,63}$/)],
  ["$.controller.options", { title: "node" }, "controller.title", "node"],
  ["$.controller.options", {}, "controller.watchdog", 10],
  ["$.controller.options", { watchdog: 0 }, "controller.watchdog", 0],
  ["$.controller.options", { watchdog: 5.5 }, "controller.watchdog", 5.5],
  [
    "$.controller.options.enable_parallel_worker_start",
    true,
    "controller.enable_parallel_worker_start",
    true,
  ],
  ["$.workers[0].options", undefined, "workers.0.options", ownDefaults],
  [`${proxy}.options`, { title: "a" }, "workers.1.options", { ...ownDefaults, title: "a" }],
  [
    `${proxy}.options`,
    { cpu_affinity: [1], env: { inherit: false, vars: { A: "1" } }, restart: "never" },
    "workers.1.options",
    { cpu_affinity: [1], env: { inherit: false, vars: { A: "1" } }, restart: "never" },
  ],
  [
    `${proxy}.transports[0].endpoint`,
    { type: "tcp", port: 8080, shared: true, share_with_other_nodes: true },
    "workers.1.transports.0.endpoint.share_with_other_nodes",
    true,
  ],
  ["$.controller.options.shutdown_delay", 1.5, "controller.shutdownDelayMs", 1500],
  ["$.controller.options.lame_duck_duration", 120, "controller.lameDuckMs", 120_000],
  ["$.controller.options", undefined, "controller.lameDuckMs", 0],
  ["$.workers[0].id", undefined, "workers.0.id", "worker001"],
  ["$.workers[0].id", "router1", "workers.0.id", "router1"],
  [
    `${proxy}.connections.raw.transport.endpoint.timeout`,
    3,
    "workers.1.connections.raw.transport.endpoint.timeoutMs",
    3000,
  ],
  [
    `${proxy}.connections.raw.transport.options.max_message_size`,
    1024,
    "workers.1.connections.raw.transport.max_message_size",
    1024,
  ],
  [
    `${proxy}.connections.raw.transport.options.maxMessagePayloadSize`,
    1024,
    "workers.1.connections.raw.transport.max_message_size",
    1024,
  ],
  [
    `${proxy}.connections.raw.transport.serializer`,
    "msgpack",
    "workers.1.connections.raw.transport.serializer",
    "msgpack",
  ],
  [
    `${proxy}.routes.realm1.anonymous`,
    ["raw", "ws"],
    "workers.1.routes.realm1.anonymous",
    ["raw", "ws"],
  ],
  [
    `${proxy}.transports[1].endpoint.permission`,
    "0660",
    "workers.1.transports.1.endpoint.permission",
    0o660,
  ],
  [
    `${proxy}.transports[0].paths.ws.options.max_connection_age`,
    600_000,
    "workers.1.transports.0.paths.ws.options.max_connection_age",
    600_000,
  ],
  [
    `${proxy}.transports[0].paths.ws.options.compression.deflate.memory_level`,
    3,
    "workers.1.transports.0.paths.ws.options.compression.deflate.memory_level",
    3,
  ],
])("%s: %p", async (path, value, where, expected) => {
  const { config, faults } = await loadNode(nodeWith(path, value));
  expect(faults).toEqual([]);
  expect(at(config, where)).toEqual(expected);
});

test.each(
  titled([
    [{ uri: "a.b" }, { uri: "a.b", match: "exact" }],
    [{ uri: "a.*" }, { uri: "a.", match: "prefix" }],
    [{ uri: "a..b" }, { uri: "a..b", match: "wildcard" }],
    [
      { uri: "a", match: "prefix" },
      { uri: "a", match: "prefix" },
    ],
  ]),
)("a permission allows and discloses nothing: %s", async (_title, written, expected) => {
  const { config } = await loadNode(nodeWith(permission, written));
  expect(at(config, "workers.0.realms.0.roles.0.permissions.0")).toEqual({
    ...expected,
    allow: { call: false, register: false, publish: false, subscribe: false },
    disclose: { caller: false, publisher: false },
  });
});

test.each([
  ["$.controller.options.watchdog", 4, "expected 0, or 5 to 3600 seconds, found 4"],
  ["$.controller.options.watchdog", 3601, "expected 0, or 5 to 3600 seconds, found 3601"],
  [
    `${proxy}.options.restart`,
    "allways",
    'expected "on-failure", "always" or "never", found "allways"; did you mean "always"?',
  ],
])("%s is refused: %p", async (path, value, sentence) => {
  const { faults } = await loadNode(nodeWith(path, value));
  expect(faults).toEqual([`${path}: ${sentence}`]);
});

describe("options.disabled", () => {
  const started = async (disabled: unknown, env: Record<string, string> = {}) => {
    const { config, warnings } = await loadNode(
      nodeWith(`${proxy}.options.disabled`, disabled),
      env,
    );
    return { isStarted: config?.workers.length === 2, warnings };
  };

  test("skips the worker when it is true, or any text but an empty one", async () => {
    expect((await started(true)).isStarted).toBe(false);
    expect((await started(false)).isStarted).toBe(true);
    expect((await started("")).isStarted).toBe(true);
    for (const [OFF, isStarted] of [
      ["1", false],
      ["yes", false],
      ["", true],
    ] as const) {
      expect(await started(VARIABLE, { OFF })).toEqual({ isStarted, warnings: [] });
    }
  });

  test.each(["0", "no", "False", "off"])("skips it for %s too, and warns", async (OFF) => {
    const warnings = [
      `${proxy}.options.disabled: the text "${OFF}" counts as true, so the worker is not started`,
    ];
    expect(await started(VARIABLE, { OFF })).toEqual({ isStarted: false, warnings });
    expect(await started(OFF)).toEqual({ isStarted: false, warnings });
  });

  test("starts it when the variable is not set, and says so", async () => {
    expect(await started(VARIABLE)).toEqual({
      isStarted: true,
      warnings: [
        `${proxy}.options.disabled: environment variable OFF is not set, so the worker is started`,
      ],
    });
  });
});

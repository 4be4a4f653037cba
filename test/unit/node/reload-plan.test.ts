import { expect, test } from "bun:test";
import type { ControllerConfig, NodeConfig } from "#config/node/node-config.ts";
import type { WorkerConfig } from "#config/node/worker-config.ts";
import { planReload } from "#node/reload-plan.ts";

const proxy = (id: string, routes = {}): WorkerConfig => ({
  type: "proxy",
  id,
  connections: {},
  routes,
  transports: [],
});
const router = (id: string, parts: object = {}): WorkerConfig => ({
  type: "router",
  id,
  realms: [],
  transports: [],
  ...parts,
});
const guest = (id: string, executable: string): WorkerConfig => ({
  type: "guest",
  id,
  executable,
  arguments: [],
  options: {
    workdir: "/",
    env: { inherit: true, vars: {} },
    stdin: "close",
    stdout: "log",
    stderr: "log",
    watch: null,
    restart: "on-failure",
  },
});
const controller: ControllerConfig = {
  id: "node",
  shutdown: [],
  enable_parallel_worker_start: false,
  watchdog: 10,
  shutdownDelayMs: 0,
  lameDuckMs: 0,
};
const node = (workers: WorkerConfig[], changes: Partial<ControllerConfig> = {}): NodeConfig => ({
  file: "/node.json",
  folder: "/",
  controller: { ...controller, ...changes },
  workers,
});

const idsOf = (before: WorkerConfig[], after: WorkerConfig[], isForced = false) => {
  const { changed, replaced, added, removed } = planReload(node(before), node(after), isForced);
  const ids = (list: WorkerConfig[]) => list.map(({ id }) => id);
  return {
    changed: ids(changed),
    replaced: ids(replaced),
    added: ids(added),
    removed: ids(removed),
  };
};
const nothing = { changed: [], replaced: [], added: [], removed: [] };
const routes = { realm1: { user: ["conn1"] } };

test.each([
  ["the same", [proxy("p"), guest("g", "a")], [proxy("p"), guest("g", "a")], nothing],
  ["routes", [proxy("p")], [proxy("p", routes)], { ...nothing, changed: ["p"] }],
  ["a guest", [guest("g", "a")], [guest("g", "b")], { ...nothing, replaced: ["g"] }],
  ["one more", [proxy("p")], [proxy("q"), proxy("p")], { ...nothing, added: ["q"] }],
  [
    "fewer",
    [router("r"), proxy("p"), guest("g", "a")],
    [],
    { ...nothing, removed: ["r", "p", "g"] },
  ],
])("%s", (_, before, after, plan) => {
  expect(idsOf(before, after)).toEqual(plan);
});

test("forced, native workers take the same again", () => {
  const workers = [router("r"), guest("g", "a")];
  expect(idsOf(workers, workers, true)).toEqual({ ...nothing, changed: ["r"] });
});

test.each([
  ["type of worker", [proxy("p")], [router("p")], 'type of worker "p"'],
  [
    "components",
    [router("r")],
    [router("r", { components: { list: [], options: {} } })],
    'components of worker "r"',
  ],
])("names what needs a restart: %s", (_, before, after, what) => {
  const plan = () => planReload(node(before), node(after), false);
  expect(plan).toThrow(`${what} has changed, which needs a restart of the node`);
});

test.each<[string, Partial<ControllerConfig>]>([
  ["controller.id", { id: "other" }],
  [
    "controller.admin",
    {
      admin: {
        endpoint: { type: "unix", path: "/a", permission: 0o600 },
        token: null,
        routers: "any",
      },
    },
  ],
  ["controller.traces", { traces: { url: "http://127.0.0.1:4318/", headers: {}, ratio: 1 } }],
  ["controller.options", { watchdog: 20 }],
  ["controller.options", { title: "other" }],
])("names what of the controller needs a restart: %s", (name, changes) => {
  const plan = () => planReload(node([]), node([], changes), false);
  expect(plan).toThrow(`${name} has changed`);
});

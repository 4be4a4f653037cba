import { expect, test } from "bun:test";
import { forgetRuntimeOptions } from "#base/runtime-options.ts";
import { workerEnvironment } from "#node/worker-environment.ts";

const all = { inherit: true, vars: {} };

test("a worker gets the node's environment without what changes how Bun runs it", () => {
  const kept = {
    PATH: "/bin",
    ALICE_TICKET: "secret1",
    TZ: "UTC",
    HTTPS_PROXY: "http://proxy",
    NODE_EXTRA_CA_CERTS: "ca.pem",
    MY_BUN_OPTIONS: "1",
  };
  const cleared = {
    BUN_OPTIONS: "--preload=x.ts",
    BUN_BE_BUN: "1",
    BUN_INSPECT: "ws://127.0.0.1:9/abc",
    BUN_INSPECT_CONNECT_TO: "ws://127.0.0.1:9/abc",
    BUN_INSPECT_PRELOAD: "x.ts",
    BUN_JSC_useJIT: "0",
    BUN_CONFIG_VERBOSE_FETCH: "1",
    BUN_FEATURE_FLAG_DISABLE_IPV6: "1",
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
  };
  expect(workerEnvironment(all, { ...kept, ...cleared })).toMatchObject(kept);
  for (const name of Object.keys(cleared)) {
    expect(workerEnvironment(all, cleared)).not.toHaveProperty(name);
  }
});

test.each([
  [true, {}, { HOME: "/root", LANG: "C" }],
  [false, {}, {}],
  [["LANG", "NONE"], {}, { LANG: "C" }],
  [["LANG"], { LANG: "de", BUN_OPTIONS: "--smol" }, { LANG: "de", BUN_OPTIONS: "--smol" }],
])("a worker inherits %p, and %p are set on top", (inherit, vars, expected) => {
  const own = { HOME: "/root", LANG: "C" };
  const environment = workerEnvironment({ inherit, vars }, own);
  forgetRuntimeOptions(environment);
  expect(environment).toEqual(expected);
});

test("a worker keeps the variables by which it finds Python, whatever else it inherits", () => {
  const own = { PATH: "/bin", VIRTUAL_ENV: "/v", CROSSPROXY_PYTHON: "py", PYTHONPATH: "/m" };
  const environment = workerEnvironment({ inherit: false, vars: { PATH: "/other" } }, own);
  expect(environment).toMatchObject(own);
});

test("workers run with options of their own; those of the allocator may be set otherwise", () => {
  const engine = { BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "500000" };
  const other = { BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "1" };
  expect(workerEnvironment(all, other)).toEqual({ ...engine, MIMALLOC_PURGE_DELAY: "1000" });
  const own = { MIMALLOC_PURGE_DELAY: "50" };
  expect(workerEnvironment(all, own)).toEqual({ ...engine, ...own });
});

test("a worker's own programs get the environment of the node", () => {
  for (const node of [{ PATH: "/bin" }, { PATH: "/bin", MIMALLOC_PURGE_DELAY: "50" }]) {
    const environment = workerEnvironment(all, node);
    forgetRuntimeOptions(environment);
    expect(environment).toEqual(node);
  }
});

test("Bun knows the engine's options that workers run with", () => {
  const { exitCode } = Bun.spawnSync([process.execPath, "-e", ""], {
    env: workerEnvironment(all, {}),
  });
  expect(exitCode).toBe(0);
});

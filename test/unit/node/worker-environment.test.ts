import { expect, test } from "bun:test";
import { forgetEngineOptions } from "#base/engine-options.ts";
import { workerEnvironment } from "#node/worker-environment.ts";

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
  expect(workerEnvironment({ ...kept, ...cleared })).toMatchObject(kept);
  for (const name of Object.keys(cleared)) {
    expect(workerEnvironment(cleared)).not.toHaveProperty(name);
  }
});

test("workers run with the node's own options of the engine, whatever the environment has", () => {
  const other = { BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "1" };
  expect(workerEnvironment(other)).toEqual({
    BUN_JSC_thresholdForFTLOptimizeAfterWarmUp: "500000",
  });
});

test("a worker's own programs get the environment without the options of its engine", () => {
  const environment = workerEnvironment({ PATH: "/bin" });
  forgetEngineOptions(environment);
  expect(environment).toEqual({ PATH: "/bin" });
});

test("Bun knows the engine's options that workers run with", () => {
  const { exitCode } = Bun.spawnSync([process.execPath, "-e", ""], { env: workerEnvironment({}) });
  expect(exitCode).toBe(0);
});

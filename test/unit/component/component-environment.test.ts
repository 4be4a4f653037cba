import { expect, test } from "bun:test";
import { componentEnvironment } from "#component/component-environment.ts";
import type { EnvironmentConfig, PythonOptions } from "#config/component/process-config.ts";
import { afterTest } from "../../support/cleanups.ts";

function options(pythonpath: string[], env: Partial<EnvironmentConfig> = {}): PythonOptions {
  return {
    pythonpath,
    env: { inherit: true, vars: {}, ...env },
    cpu_affinity: [],
    ready_timeout: 1,
  };
}

function inherit(PYTHONPATH: string | undefined): void {
  const before = process.env["PYTHONPATH"];
  const put = (value: string | undefined) => {
    if (value === undefined) delete process.env["PYTHONPATH"];
    else process.env["PYTHONPATH"] = value;
  };
  put(PYTHONPATH);
  afterTest(() => put(before));
}

test("modules are searched in pythonpath, the start's and the node's folder, then the inherited path", () => {
  inherit("/inherited:/more");
  const { PYTHONPATH } = componentEnvironment(options(["/b", "/a"]), "/start", "/start/.crossbar");
  expect(PYTHONPATH).toBe("/b:/a:/start:/start/.crossbar:/inherited:/more");
});

test("relative folders of the inherited path count from the folder of the start", () => {
  inherit("lib:../more:/absolute");
  const { PYTHONPATH } = componentEnvironment(options([]), "/app/start", "/node");
  expect(PYTHONPATH).toBe("/app/start:/node:/app/start/lib:/app/more:/absolute");
});

test("a folder is named once, and nothing where nothing is inherited", () => {
  inherit(undefined);
  expect(componentEnvironment(options(["/node"]), "/node", "/node")["PYTHONPATH"]).toBe("/node");
});

test("as in Crossbar, PYTHONPATH of options.env has no effect, and other variables have", () => {
  inherit(undefined);
  const env = { inherit: false, vars: { PYTHONPATH: "/env", OTHER: "1" } };
  expect(componentEnvironment(options([], env), "/start", "/node")).toEqual({
    PYTHONUNBUFFERED: "1",
    OTHER: "1",
    PYTHONPATH: "/start:/node",
  });
});

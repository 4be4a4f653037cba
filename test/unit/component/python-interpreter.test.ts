import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { requirePython } from "#component/python-interpreter.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const PATH = temporaryFolder({ python3: "#!/bin/sh\n" });
chmodSync(join(PATH, "python3"), 0o755);
const all = { CROSSPROXY_PYTHON: "/named/python", VIRTUAL_ENV: "/venv", PATH };

test("the interpreter is the first that is set", () => {
  expect(requirePython("/configured/python", all)).toBe("/configured/python");
  expect(requirePython(undefined, all)).toBe("/named/python");
  expect(requirePython(undefined, { ...all, CROSSPROXY_PYTHON: "" })).toBe("/venv/bin/python");
  expect(requirePython(undefined, { PATH })).toBe(join(PATH, "python3"));
});

test("without any, the failure names the places", () => {
  for (const env of [{}, { PATH: "" }, { PATH: temporaryFolder() }]) {
    expect(() => requirePython(undefined, env)).toThrow(
      "Cannot find a Python interpreter: none of options.python, CROSSPROXY_PYTHON and VIRTUAL_ENV is set, and PATH has no python3",
    );
  }
});

import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { requirePython } from "#component/python-interpreter.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const PATH = temporaryFolder({ python3: "#!/bin/sh\n" });
chmodSync(join(PATH, "python3"), 0o755);
const all = { CROSSPROXY_PYTHON: "/named/python", VIRTUAL_ENV: "/venv", PATH };

test("the interpreter is the first that is set", () => {
  expect(requirePython("/configured/python", "/start", all)).toBe("/configured/python");
  expect(requirePython(undefined, "/start", all)).toBe("/named/python");
  expect(requirePython(undefined, "/start", { ...all, CROSSPROXY_PYTHON: "" })).toBe(
    "/venv/bin/python",
  );
  expect(requirePython(undefined, "/start", { PATH })).toBe(join(PATH, "python3"));
});

test("relative paths in variables count from the folder of the start", () => {
  const found = (env: Record<string, string>) => requirePython(undefined, dirname(PATH), env);
  const name = basename(PATH);
  const file = join(PATH, "python3");
  expect(found({ CROSSPROXY_PYTHON: `${name}/python3` })).toBe(file);
  expect(found({ CROSSPROXY_PYTHON: `./${name}/../${name}/python3` })).toBe(file);
  expect(found({ VIRTUAL_ENV: name })).toBe(join(PATH, "bin/python"));
  expect(found({ PATH: `/no/such/folder:${name}` })).toBe(file);
});

test("CROSSPROXY_PYTHON may be the name of a program in PATH", () => {
  const found = (CROSSPROXY_PYTHON: string) =>
    requirePython(undefined, "/start", { CROSSPROXY_PYTHON, PATH });
  expect(found("python3")).toBe(join(PATH, "python3"));
  expect(() => found("python9")).toThrow(
    'Cannot find a Python interpreter: CROSSPROXY_PYTHON is "python9", and PATH has no such program',
  );
});

test("without any, the failure names the places", () => {
  for (const env of [{}, { PATH: "" }, { PATH: temporaryFolder() }]) {
    expect(() => requirePython(undefined, "/start", env)).toThrow(
      "Cannot find a Python interpreter: none of options.python, CROSSPROXY_PYTHON and VIRTUAL_ENV is set, and PATH has no python3",
    );
  }
});

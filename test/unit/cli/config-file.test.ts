import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Failure } from "#base/failure.ts";
import { type ConfigFileChoice, chooseConfigFile, requireConfigFile } from "#cli/config-file.ts";
import { ExitCode, exitCodeFor } from "#cli/exit-code.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("the configuration file", () => {
  const cbdir = temporaryFolder({ "node.json": "", "other.json": "" });
  const inFolder = (name: string) => join(cbdir, name);

  test("is the one that is named, as it is typed", () => {
    for (const name of ["a.json", "./a.json", "/a.json"]) {
      expect(chooseConfigFile({ file: name })).toBe(name);
      expect(chooseConfigFile({ config: name })).toBe(name);
    }
  });

  test("is looked for in --cbdir first, and then in the present folder", () => {
    expect(chooseConfigFile({ config: "other.json", cbdir })).toBe(inFolder("other.json"));
    expect(chooseConfigFile({ config: "none.json", cbdir })).toBe("none.json");
    expect(chooseConfigFile({ config: "/none.json", cbdir })).toBe("/none.json");
  });

  test("of --config is looked for in the node's folder first, as in Crossbar", () => {
    const start = temporaryFolder({ ".crossbar/a.json": "", "a.json": "", "b.json": "" });
    const chosen = (choice: ConfigFileChoice, env: Record<string, string> = {}) =>
      chooseConfigFile(choice, env, start);
    expect(chosen({ config: "a.json" })).toBe(".crossbar/a.json");
    expect(chosen({ file: "a.json" })).toBe("a.json");
    expect(chosen({ config: "b.json" })).toBe("b.json");
    expect(chosen({ config: "other.json" }, { CROSSBAR_DIR: cbdir })).toBe(inFolder("other.json"));
    expect(chosen({ file: "other.json" }, { CROSSBAR_DIR: cbdir })).toBe("other.json");
    expect(chosen({ config: "a.json", cbdir }, {})).toBe("a.json");
  });

  test("is found beside a file that --cbdir names, as in Crossbar", () => {
    expect(chooseConfigFile({ cbdir: inFolder("other.json") })).toBe(inFolder("node.json"));
    const choice = { cbdir: inFolder("node.json"), config: "other.json" };
    expect(chooseConfigFile(choice)).toBe(inFolder("other.json"));
  });

  test("is found in its folder where none is named", () => {
    expect(chooseConfigFile({ cbdir })).toBe(inFolder("node.json"));
    expect(requireConfigFile({ cbdir })).toBe(inFolder("node.json"));
  });

  test.each([
    [{ file: "a.json", config: "b.json" }, "a file and --config are both given"],
    [{ file: "/no/such.json" }, 'Cannot read "/no/such.json": no such file'],
    [{ cbdir: "/no/such" }, 'Cannot find a configuration in "/no/such": no config.yaml, '],
  ])("is missed with a sentence: %j", (choice, sentence) => {
    expect(() => requireConfigFile(choice)).toThrow(sentence);
    try {
      requireConfigFile(choice);
    } catch (thrown) {
      expect(exitCodeFor(thrown)).toBe(78);
    }
  });
});

test.each([
  ["a fault of the configuration", new Failure("x", { source: "config" }), ExitCode.config],
  ["another failure", new Failure("x", { source: "internal" }), ExitCode.failed],
  ["a fault of the program", new Error("x"), ExitCode.failed],
  ["what is no error", "x", ExitCode.failed],
])("the exit code for %s", (_name, thrown, code) => {
  expect(exitCodeFor(thrown)).toBe(code);
});

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Failure } from "#base/failure.ts";
import { type ConfigFileChoice, chooseConfigFile, requireConfigFile } from "#cli/config-file.ts";
import { ExitCode, exitCodeFor } from "#cli/exit-code.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { titled } from "../../support/titles.ts";

describe("the configuration file", () => {
  const cbdir = temporaryFolder({ "node.json": "", "other.json": "" });
  const inFolder = (name: string) => join(cbdir, name);

  const start = temporaryFolder({ ".crossbar/a.json": "", "a.json": "", "b.json": "" });
  const chosen = (choice: ConfigFileChoice, env: Record<string, string> = {}, present = start) =>
    chooseConfigFile(choice, env, present);
  const node = { CROSSBAR_DIR: cbdir };

  test.each(
    titled<[ConfigFileChoice, Record<string, string>, file: string, folder: string]>([
      [{ file: "x.json" }, {}, "x.json", "."],
      [{ file: "./x.json" }, {}, "./x.json", "."],
      [{ file: "/etc/x.json" }, {}, "/etc/x.json", "/etc"],
      [{ file: "a.json" }, {}, "a.json", "."],
      [{ file: "other.json" }, node, "other.json", "."],
      [{ file: "other.json", cbdir }, {}, inFolder("other.json"), cbdir],
      [{ config: "x.json" }, {}, "x.json", "."],
      [{ config: "a.json" }, {}, ".crossbar/a.json", ".crossbar"],
      [{ config: "b.json" }, {}, "b.json", "."],
      [{ config: "a.json", cbdir }, {}, "a.json", cbdir],
      [{ config: "other.json", cbdir }, {}, inFolder("other.json"), cbdir],
      [{ config: "other.json", cbdir: "" }, node, inFolder("other.json"), cbdir],
      [{ config: "other.json" }, node, inFolder("other.json"), cbdir],
      [{ config: "other.json", cbdir: "/no" }, node, "other.json", "/no"],
      [{ cbdir }, {}, inFolder("node.json"), cbdir],
      [{}, node, inFolder("node.json"), cbdir],
    ]),
  )("is looked for as in Crossbar: %s", (_title, choice, env, file, folder) => {
    expect(chosen(choice, env)).toEqual({ file, folder });
  });

  test("that --config names with its whole path has the node's folder, as in Crossbar", () => {
    const choice = { config: inFolder("other.json") };
    expect(chosen(choice)).toEqual({ file: choice.config, folder: ".crossbar" });
    expect(chosen(choice, {}, cbdir)).toEqual({ file: choice.config, folder: "." });
    expect(chosen({ ...choice, cbdir: start })?.folder).toBe(start);
  });

  test("is found beside a file that --cbdir or $CROSSBAR_DIR names, as in Crossbar", () => {
    const expected = { file: inFolder("node.json"), folder: cbdir };
    const other = inFolder("other.json");
    for (const config of [undefined, "node.json"]) {
      expect(chosen({ cbdir: other, config })).toEqual(expected);
      expect(chosen({ config }, { CROSSBAR_DIR: other })).toEqual(expected);
    }
  });

  test("is missed in the folder in which it was looked for", () => {
    const choose = () => requireConfigFile({}, { CROSSBAR_DIR: "/no/such" });
    expect(choose).toThrow('Cannot find a configuration in "/no/such": no config.yaml, ');
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

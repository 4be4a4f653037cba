/** What `check` says of modules, classes and wamplets, none of which is run. */

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { searchModules } from "#component/module-search.ts";
import type { PythonName } from "#config/component/process-config.ts";
import { barePython, scriptedPython } from "../../support/python-scripts.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { hasPython, PYTHON } from "../../support/wamp-clients.ts";

const RUN = "open('run', 'w')\n";
const missing = (name: string) =>
  `no module "${name}" is found; the folder of the start is searched too, here "${process.cwd()}"`;
const folder = temporaryFolder({
  "shop/__init__.py": `${RUN}from shop.parts import Part as Renamed\n`,
  "shop/parts.py": `${RUN}if True:\n    class Part:\n        pass\ntry:\n    Other = None\nfinally:\n    pass\n`,
  "shop/old.py": `${RUN}print 'two'\n`,
  "star.py": `${RUN}from os import *\n`,
  "made.py": `${RUN}globals()['Made'] = 1\n`,
  "lazy.py": `${RUN}def __getattr__(name):\n    return 1\n`,
  "wide/__init__.py": `${RUN}__path__ = []\n`,
});

const options = (python: string) => ({
  python,
  pythonpath: [folder],
  env: { inherit: true, vars: {} },
  cpu_affinity: [],
  ready_timeout: 1,
});

const search = (python: string, wanted: PythonName[]) =>
  searchModules({ options: options(python), folder }, wanted);

describe.skipIf(!hasPython)("a module that is searched for", () => {
  test.each([
    ["shop.parts.Part", null],
    ["shop.parts.Other", null],
    ["shop.Renamed", null],
    ["star.Any", null],
    ["made.Made", null],
    ["lazy.Any", null],
    ["wide.any.Any", null],
    ["json.JSONDecoder", null],
    ["sys.exit", null],
    ["os.path.join", null],
    ["shop.parts.Nothing", `${folder}/shop/parts.py defines no "Nothing"`],
    ["shop.none.Part", missing("shop.none")],
    ["nothing.at.All", missing("nothing")],
    ["shop.old.Part", expect.stringContaining(`${folder}/shop/old.py:2 is no Python 3: `)],
  ])("for %s", async (name, state) => {
    const [sentence] = await search(PYTHON, [{ name }]);
    const begin = `Cannot load "${name}" with "${PYTHON}": `;
    if (state === null) expect(sentence).toBeNull();
    else expect(sentence?.replace(begin, "")).toEqual(state);
    expect(existsSync(join(folder, "run"))).toBe(false);
  });

  test("is answered for in the order of the names", async () => {
    const wamplet = { package: "none", entrypoint: "one" };
    const names = [{ name: "none.A" }, { name: "shop.parts.Part" }, wamplet];
    expect(await search(PYTHON, names)).toEqual([
      `Cannot load "none.A" with "${PYTHON}": ${missing("none")}`,
      null,
      `Cannot load wamplet "one" with "${PYTHON}": package "none" registers no wamplet "one"`,
    ]);
  });

  test("is not searched for where there is no autobahn", async () => {
    const bare = barePython();
    expect(await search(bare, [{ name: "none.A" }, { name: "none.B" }])).toEqual(
      Array(2).fill(
        `Cannot run components with "${bare}": it has no autobahn; CROSSPROXY_PYTHON can name another`,
      ),
    );
  });
});

/** Whether there is a process, or with a negative number one in the group. */
function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("an interpreter", () => {
  const wanted = [{ name: "none.A" }];

  test("that does not exist is one sentence", async () => {
    const [sentence] = await search("/none/python", wanted);
    expect(sentence).toStartWith('Cannot run "/none/python": ENOENT');
  });

  test.each([
    ["exit 68", "it is older than Python 3.9"],
    ["exit 3", "it gave no answer and ended with exit code 3"],
    ["cat >/dev/null; echo []", "it gave no answer and ended with exit code 0"],
  ])("that does %s", async (script, state) => {
    const python = scriptedPython(script);
    expect(await search(python, wanted)).toEqual([
      `Cannot run components with "${python}": ${state}`,
    ]);
  });

  test.each([
    ["that does not answer is ended with its children", "sleep 60; exit"],
    ["that prints without end is ended", "yes"],
    ["whose output is kept open is not waited for", "setsid sleep 30 & echo '{}'"],
  ])("%s", async (_, script) => {
    const file = join(temporaryFolder(), "pid");
    const python = scriptedPython(`echo $$ > ${file}; ${script}`);
    const begin = performance.now();
    const sentences = await searchModules(
      { options: options(python), folder, maxMs: 1_000 },
      wanted,
    );
    expect(sentences).toEqual([
      `Cannot run components with "${python}": it has not answered within 1000 ms`,
    ]);
    expect(performance.now() - begin).toBeLessThan(15_000);
    const group = -Number(await Bun.file(file).text());
    while (isThere(group)) await new Promise((resolve) => setImmediate(resolve));
  });
});

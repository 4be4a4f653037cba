/** The operator's Jinja2 in its process: pages, faults, and what becomes of a process that hangs, dies or cannot run. */

import { describe, expect, test } from "bun:test";
import { existsSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "#base/failure.ts";
import { Jinja2Process } from "#component/jinja2-process.ts";
import type { Value } from "#template/engine-value.ts";
import { RenderError } from "#template/render-error.ts";
import { awaitedLog } from "../../support/awaited-log.ts";
import { afterTest } from "../../support/cleanups.ts";
import { untilEnded } from "../../support/process-end.ts";
import { barePython, scriptedPython } from "../../support/python-scripts.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { hasPython, PYTHON } from "../../support/wamp-clients.ts";

const LONG = 60_000;

const templates = {
  "x.html": "{{ x }}",
  "repr.html": "{{ '%r'|format(x)|safe }}",
  "fails.html": "\n{% include 'divides.html' %}",
  "divides.html": "\n\n{{ 1 / x }}",
  "twenty.html": "{% for a in range(20) %}{{ x }}{% endfor %}",
  "endless.html": `${"{% for a in range(99999) %}".repeat(4)}${"{% endfor %}".repeat(4)}`,
  "large.html": "{{ ('x' * 2000000000)|length }}",
  "exits.html": "{{ x.__class__.__mro__[-1].__subclasses__ }}",
  "class.html": "{{ x.__class__ }}",
  "malformed.html": "\n{% if %}",
  "filter.html": "{{ x|nothing }}",
  "octets.html": Buffer.from("ff", "hex"),
  "names.html":
    "{% extends 'x.html' %}{% include 'malformed.html' %}{% include 'none.html' ignore missing %}{% include x %}",
  "names_missing.html": "{% import 'none.html' as n %}",
};

/** A process for templates in a folder of their own, with the ids of its processes in order. */
function jinja2Process(python = PYTHON, times = { start: LONG, page: LONG, wait: LONG }) {
  const folder = temporaryFolder(templates);
  const { log, lines, until } = awaitedLog();
  const pids: number[] = [];
  const logOf = (pid: number) => {
    if (!pids.includes(pid)) pids.push(pid);
    return log;
  };
  const options = {
    python,
    pythonpath: [],
    env: { inherit: true, vars: {} },
    cpu_affinity: [],
    ready_timeout: 0,
  };
  const ending = new AbortController();
  const context = { folder, startFolder: folder, logOf, ending: ending.signal };
  const jinja2 = new Jinja2Process(options, context, times);
  afterTest(() => jinja2.end());
  const place = { folder, isSandboxed: true };
  const render = (name: string, x: Value = null) => jinja2.render(place, name, new Map([["x", x]]));
  const failed = async (name: string, x?: Value) => {
    const thrown: unknown = await render(name, x).catch((one: unknown) => one);
    if (!(thrown instanceof Error)) throw new Error(`it gave ${thrown}`);
    return thrown;
  };
  return { jinja2, folder, place, render, failed, lines, until, pids, ending };
}

describe.if(hasPython)("Jinja2", () => {
  test.each<[string, Value]>([
    ["None", null],
    ["True", true],
    ["1", 1n],
    ["123456789012345678901234567890", 123456789012345678901234567890n],
    ["1.0", 1],
    ["-0.0", -0],
    ["1e-07", 1e-7],
    ["1e+22", 1e22],
    ["nan", Number.NaN],
    ["b'\\x00\\xff'", Uint8Array.of(0, 255)],
    ["[1, [2.0]]", [1n, [2]]],
    [
      "{'b': 1, 'a': b'', '': 2}",
      new Map<Value, Value>([
        ["b", 1n],
        ["a", new Uint8Array()],
        ["", 2n],
      ]),
    ],
    [
      "{1: 'a', None: 'b', b'c': {}}",
      new Map<Value, Value>([
        [1n, "a"],
        [null, "b"],
        [Buffer.from("c"), new Map()],
      ]),
    ],
    ["'ü\\n\\x00\\u200b👋'", "ü\n\0\u200b👋"],
  ])(
    "gets %s",
    async (printed, value) => {
      expect(await jinja2Process().render("repr.html", value)).toBe(printed);
    },
    LONG,
  );

  test(
    "escapes, and is named in the log with its interpreter",
    async () => {
      const { jinja2, render, lines } = jinja2Process();
      expect(await render("x.html", "<'\"&")).toBe("&lt;&#39;&#34;&amp;");
      expect(
        await jinja2
          .render({ folder: "/none", isSandboxed: false }, "x.html", new Map())
          .catch(String),
      ).toContain("TemplateNotFound");
      expect(lines).toEqual([
        expect.stringMatching(
          /^info templates are rendered by Jinja2 interpreter=\S+python python=3\.\S+ jinja2=3\.\S+$/,
        ),
      ]);
      expect(jinja2.release).toMatch(/^Jinja2 3\.\S+ of "\S+python"$/);
    },
    LONG,
  );

  test(
    "has a sandbox, or none",
    async () => {
      const { jinja2, folder } = jinja2Process();
      const render = (isSandboxed: boolean) =>
        jinja2.render({ folder, isSandboxed }, "class.html", new Map([["x", ""]]));
      expect([await render(true), await render(false)]).toEqual([
        "",
        "&lt;class &#39;str&#39;&gt;",
      ]);
    },
    LONG,
  );

  test(
    "renders what a file has at the time",
    async () => {
      const { render, folder } = jinja2Process();
      expect(await render("fails.html", 1n)).toBe("\n\n\n1.0");
      writeFileSync(join(folder, "divides.html"), "changed");
      expect(await render("fails.html")).toBe("\nchanged");
    },
    LONG,
  );

  test.each<[string, Value, RegExp]>([
    ["fails.html", 0n, /"fails.html": "\S+\/divides.html", line 3: ZeroDivisionError: division/],
    ["fails.html", null, /line 3: TypeError: unsupported operand/],
    ["none.html", null, /: TemplateNotFound: /],
    ["exits.html", "", /: SecurityError: access to attribute '__class__'/],
    ["malformed.html", null, /malformed.html", line 2: TemplateSyntaxError: Expected an expr/],
    ["x.html", "\udfff", /UnicodeEncodeError: .* surrogates not allowed/],
    ["twenty.html", "x".repeat(2 ** 20), /ValueError: the page is longer than 16777216 octets/],
    ["large.html", null, /"large.html": "\S+large.html", line 1: MemoryError: $/],
    ["x.html", "x".repeat(2 ** 24), /the result is too long/],
  ])(
    "says why %s fails",
    async (name, x, reason) => {
      const { failed, render } = jinja2Process();
      const error = await failed(name, x);
      expect(error).toBeInstanceOf(RenderError);
      expect(error.message).toMatch(reason);
      expect(await render("x.html")).toBe("None");
    },
    LONG,
  );

  test(
    "refuses what dict of Python refuses",
    async () => {
      const { jinja2, place } = jinja2Process();
      const render = (value: Value) => jinja2.render(place, "x.html", value);
      expect(await render([["x", 1n]])).toBe("1");
      expect(await render(["xy"])).toBe("y");
      expect(await render(5n).catch(String)).toContain("TypeError: 'int' object is not iterable");
      expect(await render([[[], 1n]]).catch(String)).toContain("unhashable type: 'list'");
    },
    LONG,
  );

  test.each<[string, object[]]>([
    ["x.html", []],
    ["malformed.html", [{ file: "malformed.html", line: 2, isFatal: true }]],
    [
      "filter.html",
      [{ file: "filter.html", line: 1, reason: "No filter named 'nothing'.", isFatal: true }],
    ],
    ["octets.html", [{ file: "octets.html", line: null, isFatal: true }]],
    ["none.html", [{ file: "none.html", line: null, reason: "no such file", isFatal: true }]],
    ["names.html", [{ file: "malformed.html", line: 2, isFatal: false }]],
    ["names_missing.html", [{ file: "none.html", reason: "no such file", isFatal: false }]],
  ])(
    "finds the faults of %s",
    async (name, expected) => {
      const { jinja2, place, folder } = jinja2Process();
      const faults = await jinja2.faultsOf(place, name);
      expect(
        faults.map(({ file, ...others }) => ({ ...others, file: file.replace(`${folder}/`, "") })),
      ).toMatchObject(expected);
      expect(faults).toHaveLength(expected.length);
    },
    LONG,
  );
});

describe.if(hasPython)("the process of Jinja2", () => {
  test(
    "is ended where a page takes too long, and the pages that wait are rendered",
    async () => {
      const { failed, render, until, pids } = jinja2Process(PYTHON, {
        start: LONG,
        page: 2_000,
        wait: LONG,
      });
      const hung = failed("endless.html");
      expect(await render("x.html", 1n)).toBe("1");
      expect((await hung).message).toBe(
        'Cannot render "endless.html": it takes longer than 2000 ms',
      );
      expect(pids).toHaveLength(2);
      expect(await until(/died/)).toBe('error Jinja2 died ended="signal SIGKILL" restart_ms=0');
      await untilEnded(pids[0] ?? 0);
    },
    LONG,
  );

  test(
    "that is killed fails the page that it renders alone, and is started again",
    async () => {
      const { failed, render, until, pids } = jinja2Process();
      expect(await render("x.html")).toBe("None");
      const lost = failed("endless.html");
      const waiting = render("x.html", 2n);
      process.kill(pids[0] ?? 0, "SIGKILL");
      expect((await lost).message).toContain("the process of Jinja2 has ended");
      expect(await waiting).toBe("2");
      await until(/died/);
      process.kill(pids[1] ?? 0, "SIGKILL");
      await until(/died .* restart_ms=(7[5-9]|[89]\d|100)$/);
      expect(await render("x.html", 3n)).toBe("3");
      expect(pids).toHaveLength(3);
    },
    LONG,
  );

  test(
    "lets no page wait longer than it may",
    async () => {
      const times = { start: LONG, page: LONG, wait: 50 };
      const { failed, render, jinja2 } = jinja2Process(PYTHON, times);
      await render("x.html");
      const hung = failed("endless.html");
      const state = "Cannot ask Jinja2: what was asked before takes longer than 50 ms";
      expect((await failed("x.html")).message).toBe(state);
      // The end of its wait is no turn of the next one.
      expect((await failed("x.html")).message).toBe(state);
      jinja2.end();
      expect((await hung).message).toContain("the process of Jinja2 has ended");
    },
    LONG,
  );

  test(
    "is refused where its interpreter does not answer",
    async () => {
      const times = { start: 100, page: LONG, wait: LONG };
      const { failed, pids } = jinja2Process(scriptedPython("sleep 60"), times);
      expect((await failed("x.html")).message).toContain(": it does not answer; it needs");
      await untilEnded(pids[0] ?? 0);
    },
    LONG,
  );

  test(
    "lets a hundred pages wait, and no more",
    async () => {
      const { failed, render } = jinja2Process();
      const pages = Array.from({ length: 100 }, () => render("x.html", 1n));
      const refused = await failed("x.html");
      expect([refused instanceof Failure, refused.message]).toEqual([
        true,
        "Cannot ask Jinja2: 100 pages wait for it",
      ]);
      expect(new Set(await Promise.all(pages))).toEqual(new Set(["1"]));
      expect(await render("x.html", 2n)).toBe("2");
    },
    LONG,
  );

  test(
    "is tried again with growing delays, also where it cannot be started any more",
    async () => {
      const flag = join(temporaryFolder(), "flag");
      const python = scriptedPython(
        `[ -e ${flag} ] && exit 1; touch ${flag}; exec "${PYTHON}" "$@"`,
      );
      const { failed, render, until, pids } = jinja2Process(python);
      await render("x.html");
      process.kill(pids[0] ?? 0, "SIGKILL");
      await until(/died/);
      const begin = performance.now();
      for (let attempt = 0; attempt < 4; attempt += 1) {
        expect((await failed("x.html")).message).toContain("it ended at its start");
      }
      // At once, then after 100, 200 and 400 ms, each up to a quarter less.
      expect(performance.now() - begin).toBeGreaterThan(520);
      unlinkSync(flag);
      expect(await render("x.html")).toBe("None");
    },
    LONG,
  );

  test(
    "is over once it is ended",
    async () => {
      const { jinja2, render, failed, pids, lines } = jinja2Process();
      await render("x.html");
      jinja2.end();
      await untilEnded(pids[0] ?? 0);
      expect((await failed("x.html")).message).toBe("Cannot ask Jinja2: the worker ends");
      expect(lines.filter((line) => line.includes("died"))).toEqual([]);
    },
    LONG,
  );

  test(
    "is not waited for by a worker that is asked to end",
    async () => {
      const { failed, ending, pids } = jinja2Process(scriptedPython("sleep 60"));
      const error = failed("x.html");
      while (pids.length === 0) await Bun.sleep(1);
      ending.abort();
      expect((await error).message).toContain("Cannot render templates");
      await untilEnded(pids[0] ?? 0);
    },
    LONG,
  );

  test(
    "may print before it answers",
    async () => {
      const python = scriptedPython(`echo '[]'; echo 'no answer'; exec "${PYTHON}" "$@"`);
      expect(await jinja2Process(python).render("x.html", 1n)).toBe("1");
    },
    LONG,
  );

  test.each([
    ["has no Jinja2", barePython(), "No module named 'jinja2'"],
    ["is too old", scriptedPython("exit 68"), "it is older than Python 3.9"],
    ["ends", scriptedPython("exit 1"), "it ended at its start"],
    ["does not exist", "/none/python", "ENOENT: no such file or directory"],
  ])(
    "is refused where its interpreter %s, once",
    async (_what, python, state) => {
      const { failed, pids } = jinja2Process(python);
      for (const error of [await failed("x.html"), await failed("x.html")]) {
        expect(error).toBeInstanceOf(Failure);
        expect(error.message).toStartWith(`Cannot render templates with "${python}": ${state}`);
        expect(error.message).toEndWith(
          `; it needs Python 3.9 and Jinja2: ${python} -m pip install jinja2`,
        );
      }
      expect(pids.length).toBeLessThan(2);
      expect(existsSync(python)).toBe(python !== "/none/python");
    },
    LONG,
  );
});

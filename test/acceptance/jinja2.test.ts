/** Templates beyond MiniJinja, which nodes of the built binary render by the operator's Jinja2. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DATA } from "../support/jinja-cases.ts";
import { CASES, inPython, type JinjaOutcome } from "../support/jinja2-outcomes.ts";
import { startPageProcedures } from "../support/page-procedures.ts";
import { untilEnded } from "../support/process-end.ts";
import { scriptedPython } from "../support/python-scripts.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  BINARY,
  freePort,
  nodeForTest,
  startNode,
  type TemporaryNode,
  workerPids,
} from "../support/temporary-node.ts";
import { hasPython, PYTHON } from "../support/wamp-clients.ts";
import { webAt, webRouter } from "../support/web-workers.ts";

const LONG = 60_000;

const wap = (templates: string, routes: Record<string, string | [string, string]>, more = {}) => ({
  type: "wap",
  templates,
  wamp: { realm: "realm1", authrole: "anonymous" },
  routes: Object.entries(routes).map(([path, route]) => {
    const [render, call] = [route].flat();
    return { path, method: "GET", render, call: call ?? null };
  }),
  ...more,
});

const ws = { type: "websocket", auth: { anonymous: { type: "static", role: "anonymous" } } };

const nodeJson = (port: number, paths: object, python = PYTHON) => ({
  version: 2,
  workers: [{ ...webRouter(webAt(port, { ws, ...paths })), options: { python } }],
});

const get = async (port: number, path: string) => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: answer.status, body: await answer.text() };
};

function check(folder: string): { code: number; printed: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([BINARY, "check", "node.json"], {
    cwd: folder,
  });
  return { code: exitCode, printed: `${stdout}${stderr}` };
}

/** The ids of the processes of Jinja2, in their order. */
const rendererPids = (output: string) =>
  [...output.matchAll(/ (\d+)\] templates are rendered by Jinja2/g)].map(([, pid]) => Number(pid));

/** Objects that print their address differ each time. */
const addressless = (page: string) => page.replaceAll(/0x[0-9a-f]{6,}/g, "0x");

describe.if(hasPython)("templates that are hard", () => {
  let expected: JinjaOutcome[] = [];
  const port = freePort();
  const files = Object.fromEntries(
    CASES.flatMap(({ templates }, index) =>
      Object.entries(templates).map(([name, text]) => [`t/${index}/${name}`, text]),
    ),
  );
  /** The paths of the cases that Jinja2 refuses at the start, or of the others. */
  const paths = (isRefused: boolean) =>
    Object.fromEntries(
      CASES.flatMap(({ sandbox }, index) => {
        const routes = { "/": ["page", "com.example.result.data"] as [string, string] };
        const path = [`p${index}`, wap(`t/${index}`, routes, { sandbox })] as const;
        return (expected[index] === "refused") === isRefused ? [path] : [];
      }),
    );
  beforeAll(async () => {
    expected = await inPython();
  }, LONG);

  test(
    "give the pages of Jinja2, all of them",
    async () => {
      const folder = temporaryFolder({ ...files, "node.json": nodeJson(port, paths(false)) });
      const node = await nodeForTest(folder);
      const procedures = await startPageProcedures(`ws://127.0.0.1:${port}/ws`, DATA);
      const counts = { page: 0, failed: 0, refused: 0 };
      for (const [index, outcome] of expected.entries()) {
        counts[typeof outcome === "object" ? "page" : outcome] += 1;
        if (outcome === "refused") continue;
        const { status, body } = await get(port, `/p${index}`);
        const { templates, sandbox } = CASES[index] ?? {};
        const ours = { templates, sandbox, page: status === 200 ? addressless(body) : status };
        const theirs = typeof outcome === "object" ? addressless(outcome.page) : 500;
        expect(ours).toEqual({ ...ours, page: theirs });
      }
      await procedures.stop();
      expect(rendererPids(node.output())).toHaveLength(1);
      expect(counts.page).toBeGreaterThan(200);
      if (process.env["COUNTS"] !== undefined) console.log(counts);
    },
    LONG,
  );

  test(
    "are refused by check where Jinja2 refuses them",
    () => {
      const refused = paths(true);
      const folder = temporaryFolder({ ...files, "node.json": nodeJson(port, refused) });
      const { code, printed } = check(folder);
      const names = Object.keys(refused);
      expect(code).not.toBe(0);
      expect(printed).toContain(`${names.length} problems in node.json`);
      for (const name of names)
        expect(printed).toContain(`.paths.${name}.routes[0].render: Cannot`);
    },
    LONG,
  );
});

const files = {
  "templates/simple.html": "simple {{ x }} {{ y }}",
  "templates/sum.html": "{{ 1 + 1 }}",
  "templates/endless.html": `${"{% for a in range(99999) %}".repeat(4)}${"{% endfor %}".repeat(4)}`,
  "templates/fails.html": "{{ 1 / 0 }} {{ secret }}",
  "templates/names.html": "{{ 1 + 1 }}\n{% if x %}{% include 'broken.html' %}{% endif %}",
  "templates/broken.html": "\n{{ x + }}",
};

const all = {
  "/": "simple.html",
  "/sum": "sum.html",
  "/endless": "endless.html",
  "/fails": "fails.html",
  "/names": "names.html",
};

describe.if(hasPython)("a node with Jinja2", () => {
  let node: TemporaryNode;
  const port = freePort();
  beforeAll(async () => {
    const config = nodeJson(port, { app: wap("templates", all), too: wap("templates", all) });
    node = await startNode(temporaryFolder({ ...files, "node.json": config }));
  }, LONG);
  afterAll(() => node.stop());

  test("renders all templates of a path with it, if one needs it", async () => {
    expect(await get(port, "/app/sum")).toEqual({ status: 200, body: "2" });
    expect(await get(port, "/too")).toEqual({ status: 200, body: "simple  " });
    expect(rendererPids(node.output())).toHaveLength(1);
  });

  test("warns of templates that it refuses, and fails the pages alone that need them", async () => {
    await node.untilOutput(/pages will fail template=names.html reason=.*broken.html.*line 2: /);
    expect(await get(port, "/app/names")).toEqual({ status: 200, body: "2\n" });
  });

  test("logs why a page fails, and tells the client nothing", async () => {
    const { status, body } = await get(port, "/app/fails");
    expect(status).toBe(500);
    expect(body).not.toMatch(/division|templates|fails/);
    await node.untilOutput(
      /page not made .*reason=.*fails.html.*templates\/fails.html.*line 1: ZeroDivisionError: division by zero/,
    );
  });

  test("renders what a file has at the time", async () => {
    writeFileSync(join(node.folder, "templates/sum.html"), "{{ 1 + 2 }}");
    expect((await get(port, "/app/sum")).body).toBe("3");
  });

  test(
    "ends a page that takes too long, and makes the others",
    async () => {
      const from = node.output().length;
      const hung = get(port, "/app/endless");
      // They wait for it.
      const others = ["/app", "/too/sum"].map((path) => get(port, path));
      expect((await hung).status).toBe(500);
      for (const { status } of await Promise.all(others)) expect(status).toBe(200);
      await node.untilOutput(/Jinja2 died ended="signal SIGKILL"/, from);
      expect(rendererPids(node.output())).toHaveLength(2);
    },
    LONG,
  );
});

describe.if(hasPython)("no Jinja2 is left", () => {
  test.each(["worker", "controller"])(
    "behind a %s that is killed while a page is rendered",
    async (killed) => {
      const port = freePort();
      const config = nodeJson(port, { app: wap("templates", all) });
      const node = await nodeForTest(temporaryFolder({ ...files, "node.json": config }));
      const [pid = 0] = rendererPids(node.output());
      const [worker = 0] = Object.values(workerPids(node.output()));
      const page = get(port, "/app/endless").catch(() => null);
      expect((await get(port, "/app/nothing")).status).toBe(404);
      process.kill(killed === "worker" ? worker : node.pid, "SIGKILL");
      await untilEnded(pid, worker);
      await page;
    },
    LONG,
  );
});

describe.if(hasPython)("Python", () => {
  const simple = { app: wap("templates", { "/": "simple.html" }) };

  test(
    "is not started for templates that MiniJinja renders",
    async () => {
      const port = freePort();
      const python = scriptedPython("touch ran; exit 1");
      const folder = temporaryFolder({ ...files, "node.json": nodeJson(port, simple, python) });
      const { code, printed } = check(folder);
      expect([code, printed]).toEqual([
        0,
        `$.workers[0].transports[1].paths.app: "${folder}/templates" is rendered by MiniJinja, which is part of this program\nOk, node configuration "node.json" looks good\n`,
      ]);
      await nodeForTest(folder);
      expect(await get(port, "/app")).toEqual({ status: 200, body: "simple  " });
      expect(existsSync(join(folder, "ran"))).toBe(false);
    },
    LONG,
  );

  test(
    "is tried for a page that MiniJinja cannot make for its data",
    async () => {
      const port = freePort();
      const routes = { "/": ["simple.html", "com.example.result.data"] as [string, string] };
      const python = scriptedPython("touch ran; exit 1");
      const config = nodeJson(port, { app: wap("templates", routes) }, python);
      const folder = temporaryFolder({ ...files, "node.json": config });
      const node = await nodeForTest(folder);
      const procedures = await startPageProcedures(`ws://127.0.0.1:${port}/ws`, '{"x": [1]}');
      expect((await get(port, "/app")).status).toBe(501);
      expect(existsSync(join(folder, "ran"))).toBe(true);
      await node.untilOutput(
        /page not made .*it prints a list.*it ended at its start; it needs Python 3.9 and Jinja2/,
      );
      await procedures.stop();
    },
    LONG,
  );

  test(
    "renders all of a path from the first page on that MiniJinja cannot make",
    async () => {
      const port = freePort();
      const data: [string, string] = ["simple.html", "com.example.result.data"];
      const config = nodeJson(port, {
        app: wap("templates", { "/": "simple.html", "/data": data }),
      });
      const node = await nodeForTest(temporaryFolder({ ...files, "node.json": config }));
      const procedures = await startPageProcedures(
        `ws://127.0.0.1:${port}/ws`,
        '{"x": {"a": [1.0]}}',
      );
      writeFileSync(join(node.folder, "templates/simple.html"), "changed {{ x }}");
      expect((await get(port, "/app")).body).toBe("simple  ");
      expect((await get(port, "/app/data")).body).toBe("changed {&#39;a&#39;: [1.0]}");
      expect((await get(port, "/app")).body).toBe("changed ");
      await node.untilOutput(/pages are rendered by Jinja2 from now on template=simple.html/);
      await procedures.stop();
    },
    LONG,
  );

  test(
    "is named by check, with what its Jinja2 refuses",
    () => {
      const port = freePort();
      const sound = temporaryFolder({
        ...files,
        "node.json": nodeJson(port, { app: wap("templates", { "/": "names.html" }) }),
      });
      const { code, printed } = check(sound);
      expect(code).toBe(0);
      expect(printed).toMatch(
        /^.*"\S+\/templates" is rendered by Jinja2 3\.\S+ of "\S+\/python"\nOk, /m,
      );
      expect(printed).toMatch(
        /^warning: .*\.paths\.app\.routes\[0\]\.render: Cannot use the template "\S+broken\.html", line 2: .*; pages that need it are answered with 500$/m,
      );
      const faulty = temporaryFolder({
        ...files,
        "node.json": nodeJson(port, {
          app: wap("templates", { "/": "broken.html", "/b": "none.html" }),
        }),
      });
      const refused = check(faulty);
      expect(refused.code).not.toBe(0);
      expect(refused.printed).toMatch(
        /routes\[0\]\.render: Cannot use the template "\S+broken\.html", line 2: /,
      );
      expect(refused.printed).toMatch(
        /routes\[1\]\.render: Cannot use the template "\S+none\.html": no such file/,
      );
    },
    LONG,
  );
});

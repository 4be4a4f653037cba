/** Pages of templates and the results of calls, through the built binary, beside those of Crossbar. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { crossbarConfig, startCrossbar } from "../support/crossbar-router.ts";
import { startPageProcedures } from "../support/page-procedures.ts";
import { barePython } from "../support/python-scripts.ts";
import { post, type RawAnswer, rawHttp } from "../support/raw-http.ts";
import { scriptedCallee } from "../support/scripted-callee.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { BINARY, freePorts, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import { hasPython, PYTHON } from "../support/wamp-clients.ts";
import { webAt, webProxy, webRouter } from "../support/web-workers.ts";

const [
  proxyPort = 0,
  routerPort = 0,
  crossbarPort = 0,
  calleePort = 0,
  oursPort = 0,
  lonelyPort = 0,
] = freePorts(6);

const templates = {
  "base.html":
    "<title>{% block title %}{% endblock %}</title>\n{% block content %}{% endblock %}\n",
  "show.html": "{% extends 'base.html' %}{% block content %}{{ args }} {{ kwargs }}{% endblock %}",
  "square.html":
    "{% extends 'base.html' %}{% block title %}{{ x }}{% endblock %}{% block content %}{{ x }} squared is {{ result }}{% endblock %}",
  "all.html":
    "{{ x }} {{ html }} {{ html|safe }} {{ yes }} {{ none }} {{ uni }} {{ d.z }} {{ list[1] }} {% for i in list %}{{ loop.index }}{% endfor %} {{ missing }}",
  "any.html": "[{{ x }}|{{ y }}]",
  "failing.html": "{{ x.y.z }}",
  "unsupported.html": "line 1\n{{ x|pprint }}",
  "dir/inner.html": "inner {% include 'any.html' %}",
  "macros.html": "{% macro row(k, v=none) -%}<td title='{{ k }}'>{{ v }}</td>{%- endmacro %}",
  "rich.html":
    "{% from 'macros.html' import row %}{% for k, v in d.items() %}{{ row(k, v + 1) }}{% endfor %}{{ big * 2 }} {{ octets }} {{ list }} {{ list|tojson }} {{ uni|title }} {{ x ~ html }}",
};

const route = (path: string, render: string, call: string | null = null, method = "GET") => ({
  path,
  method,
  call,
  render,
});
const result = (name: string) => route(`/result/${name}`, "any.html", `com.example.result.${name}`);

const routes = [
  route("/", "any.html"),
  route("/square/<int:x>", "square.html", "com.example.square"),
  route("/show", "show.html", "com.example.show"),
  route("/show", "show.html", "com.example.show", "POST"),
  route("/text/<name>", "show.html", "com.example.show"),
  route("/float/<float:x>/<path:rest>", "show.html", "com.example.show"),
  route("/branch/", "any.html"),
  route("only/post", "any.html", null, "POST"),
  route("/fail", "any.html", "com.example.fail"),
  route("/absent", "any.html", "com.example.absent"),
  route("/failing", "failing.html", "com.example.result.values"),
  route("/all", "all.html", "com.example.result.values"),
  route("/inner", "dir/inner.html", "com.example.result.pairs"),
  ...["none", "number", "text", "empty", "nothing", "pairs", "list", "several", "named"].map(
    result,
  ),
];

const wap = (more: object = {}) => ({
  type: "wap",
  templates: "templates",
  wamp: { realm: "realm1", authrole: "anonymous" },
  routes,
  ...more,
});

/** Beyond MiniJinja. */
const rich = wap({
  routes: [
    route("/values", "rich.html", "com.example.result.values"),
    route("/number", "rich.html", "com.example.result.number"),
    route("/pairs", "rich.html", "com.example.result.pairs"),
    route("/square/<int:x>", "any.html", "com.example.square"),
  ],
});

const files = Object.fromEntries(
  Object.entries(templates).map(([name, text]) => [`templates/${name}`, text]),
);

async function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${lines.join("")}\r\n`;
  const [answer] = await rawHttp(port, head);
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

async function send(port: number, path: string, body: string, type?: string): Promise<RawAnswer> {
  const headers: Record<string, string> = type === undefined ? {} : { "Content-Type": type };
  const [answer] = await rawHttp(port, post(path, body, headers));
  if (answer === undefined) throw new Error("no answer");
  return answer;
}

const JSON_ONLY = { Accept: "application/json" };

function promises(port: number) {
  let callee: Awaited<ReturnType<typeof scriptedCallee>>;
  beforeAll(async () => {
    callee = await scriptedCallee(`ws://127.0.0.1:${port}/ws`, "cbor", {
      "com.example.square": (_args, { x }) => ({
        result: [[{ x, result: Number(x) * Number(x) }]],
      }),
      "com.example.show": (args, kwargs) => ({
        result: [[{ args: args.length, kwargs: JSON.stringify(kwargs) }]],
      }),
      "com.example.fail": () => ({ error: ["com.example.error.sad", ["a secret"]] }),
      "com.example.result.values": () => ({ result: [[{ x: 1 }]] }),
    });
  });
  afterAll(() => callee.leave());

  test("makes a page of the template and the result", async () => {
    const answer = await ask(port, "/app/square/7");
    expect(answer.body).toBe("<title>7</title>\n7 squared is 49");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([
      200,
      "text/html; charset=utf-8",
    ]);
    expect((await ask(port, "/app")).body).toBe("[|]");
    expect((await ask(port, "/app/square/7", {}, "HEAD")).body).toBe("");
  });

  test("answers JSON alone with the result", async () => {
    const answer = await ask(port, "/app/square/7", JSON_ONLY);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "application/json"]);
    expect(JSON.parse(answer.body)).toEqual({ x: 7, result: 49 });
    expect((await ask(port, "/app/", JSON_ONLY)).status).toBe(404);
    expect((await ask(port, "/app", JSON_ONLY)).body).toBe("{}");
  });

  test.each([
    ["/app/nothing", "GET", 404, ""],
    ["/app/square/a", "GET", 404, ""],
    ["/app/square/7", "POST", 405, "GET, HEAD, OPTIONS"],
    ["/app/only/post", "GET", 405, "POST, OPTIONS"],
    ["/app/square/7", "PUT", 405, "GET, HEAD, POST, OPTIONS"],
    ["/app/square/7", "OPTIONS", 204, "GET, HEAD, POST, OPTIONS"],
  ])("answers %s of %s with %i", async (path, method, status, allow) => {
    const answer = await ask(
      port,
      path,
      method === "POST" ? { "Content-Length": "0" } : {},
      method,
    );
    expect([answer.status, answer.headers.get("allow") ?? ""]).toEqual([status, allow]);
  });

  test("redirects to the path with its slash, and to single slashes", async () => {
    const branch = await ask(port, "/app/branch?a=b");
    expect([branch.status, branch.headers.get("location")]).toEqual([308, "/app/branch/?a=b"]);
    const merged = await ask(port, "/app//square//7");
    expect([merged.status, merged.headers.get("location")]).toEqual([308, "/app/square/7"]);
  });

  test("passes the path, the query and a form on", async () => {
    const shown = async (answer: Promise<RawAnswer>) => {
      const { body } = await answer;
      const json = body.slice(body.indexOf("{")).replaceAll("&#34;", '"').replaceAll("&amp;", "&");
      return JSON.parse(json);
    };
    expect(await shown(ask(port, "/app/text/a%20b?c=d+e&c=f&g=%C3%BC&h;i=&name=q"))).toEqual({
      name: "q",
      c: "d e",
      g: "ü",
      i: "",
    });
    const form = send(port, "/app/show?a=1", "a=2&b=%26", "application/x-www-form-urlencoded");
    expect(await shown(form)).toMatchObject({
      a: "2",
      b: "&",
      data_type: "application/x-www-form-urlencoded",
    });
    expect(await shown(send(port, "/app/show", ""))).toEqual({});
  });

  test.each([
    ["/app/show?a=%ff", "GET", 400],
    ["/app/show?data=1", "POST", 400],
  ])("refuses the arguments of %s by %s", async (path, method, status) => {
    const answer = method === "GET" ? ask(port, path) : send(port, path, "x");
    expect((await answer).status).toBe(status);
  });

  test("gives an error of the procedure as 500, without its arguments", async () => {
    const page = await ask(port, "/app/fail");
    expect([page.status, page.body]).toEqual([
      500,
      expect.stringContaining("com.example.error.sad"),
    ]);
    expect(page.body).not.toContain("secret");
    const json = await ask(port, "/app/fail", JSON_ONLY);
    expect([json.status, json.body]).toEqual([500, '{"error":"com.example.error.sad"}']);
    expect((await ask(port, "/app/absent")).body).toContain("wamp.error.no_such_procedure");
  });

  test("tells nothing of why a template fails", async () => {
    const page = await ask(port, "/app/failing");
    expect(page.status).toBe(500);
    expect(page.body).not.toMatch(/failing|undefined|templates/);
  });

  test("answers 501 where the page would not be that of Jinja2", async () => {
    expect((await ask(port, "/odd")).status).toBe(501);
  });
}

const unsupported = wap({ routes: [route("/", "unsupported.html")] });
const paths = {
  ws: { type: "websocket", auth: { anonymous: { type: "static", role: "anonymous" } } },
  app: wap(),
  odd: unsupported,
  inner: { type: "path", paths: { deep: wap({ routes: [route("/<x>/", "any.html")] }) } },
};

describe("pages", () => {
  let node: TemporaryNode;
  beforeAll(async () => {
    const options = { python: barePython() };
    const workers = [
      { ...webRouter(webAt(routerPort, paths)), options },
      { ...webProxy(webAt(proxyPort, paths)), options },
      { ...webProxy(webAt(lonelyPort, paths), "none.sock"), options },
    ];
    node = await startNode(temporaryFolder({ ...files, "node.json": { version: 2, workers } }));
  }, 30_000);
  afterAll(() => node.stop());

  describe("on a proxy worker", () => promises(proxyPort));
  describe("on a router worker", () => promises(routerPort));

  test("are 503 without a router, but for those that call nothing", async () => {
    const answer = await ask(lonelyPort, "/app/show");
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(answer.body).not.toContain("none.sock");
    expect((await ask(lonelyPort, "/app")).status).toBe(200);
  });

  test("are found below nested paths", async () => {
    expect((await ask(proxyPort, "/inner/deep/a/")).body).toBe("[|]");
    expect((await ask(proxyPort, "/inner/deep/a")).headers.get("location")).toBe("/inner/deep/a/");
  });

  test("that cannot be made are named in the log with file and line", async () => {
    await node.untilOutput(/page not offered.*templates\/unsupported.html.*line 2.*pprint/);
    await node.untilOutput(
      /Jinja2 is missing.*python.*No module named .jinja2.*pip install jinja2/,
    );
  });
});

test("check names templates with file and line, and what of them is no fault", () => {
  const folder = temporaryFolder({
    ...files,
    "templates/broken.html": "a\n\n{% if %}",
    "node.json": {
      version: 2,
      workers: [
        {
          ...webRouter(
            webAt(routerPort, {
              app: wap({
                routes: [
                  route("/", "unsupported.html"),
                  route("/b", "broken.html"),
                  route("/c", "none.html"),
                  route("/<nothing:x>", "any.html"),
                ],
              }),
            }),
          ),
          options: { python: barePython() },
        },
      ],
    },
  });
  const check = Bun.spawnSync([BINARY, "check", "node.json"], { cwd: folder });
  const printed = check.stdout.toString() + check.stderr.toString();
  expect(check.exitCode).not.toBe(0);
  expect(printed).toMatch(
    /routes\[0\]\.render: .*unsupported\.html", line 2: the filter "pprint" is not rendered here; requests for it are answered with 501; Jinja2 could render it: Cannot render templates with ".*python": No module named .jinja2.; it needs Python 3\.9 and Jinja2: .*python -m pip install jinja2\n/,
  );
  expect(printed).toMatch(/routes\[1\]\.render: .*broken\.html", line 3: /);
  expect(printed).toMatch(/routes\[2\]\.render: .*none\.html": no such file/);
  expect(printed).toMatch(/routes\[3\]\.path: .*there is no converter "nothing"/);
});

/** Crossbar with a router worker and its pages, and a node of ours that has the same pages before that router. */
describe.skipIf(!hasPython)("beside Crossbar", () => {
  let crossbar: Awaited<ReturnType<typeof startCrossbar>>;
  let node: TemporaryNode;
  let callee: Awaited<ReturnType<typeof startPageProcedures>>;

  beforeAll(async () => {
    const folder = temporaryFolder({ ...files });
    const config = crossbarConfig(folder) as { workers: { transports: object[] }[] };
    config.workers[0]?.transports.push(
      webAt(crossbarPort, {
        app: wap({ templates: `${folder}/templates` }),
        rich: { ...rich, templates: `${folder}/templates` },
      }),
      { type: "websocket", endpoint: { type: "tcp", port: calleePort, interface: "127.0.0.1" } },
    );
    crossbar = await startCrossbar(folder, config);
    callee = await startPageProcedures(`ws://127.0.0.1:${calleePort}/`);
    await Bun.write(
      `${folder}/node.json`,
      JSON.stringify({
        version: 2,
        workers: [
          { ...webProxy(webAt(oursPort, { app: wap(), rich })), options: { python: PYTHON } },
        ],
      }),
    );
    node = await startNode(folder);
  }, 60_000);
  afterAll(async () => {
    await node.stop();
    await callee.stop();
    await crossbar.stop();
  }, 30_000);

  const both = async (path: string, init: RequestInit = {}) => {
    const get = async (port: number) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, init);
      return { status: answer.status, body: await answer.text() };
    };
    return { ours: await get(oursPort), theirs: await get(crossbarPort) };
  };

  test.each([
    ["/app"],
    ["/app/square/12"],
    ["/app/show?a=1&b=x+y&a=2&c=%C3%BC"],
    ["/app/text/a%20b"],
    ["/app/text/a?name=b"],
    ["/app/float/1.50/a/b%20c"],
    ["/app/branch/"],
    ["/app/all"],
    ["/app/inner"],
    ["/app/result/empty"],
    ["/app/result/nothing"],
    ["/app/result/pairs"],
    ["/rich/values"],
    ["/rich/square/123456789012345678901234567890"],
  ])("the page of %s is the same", async (path) => {
    const { ours, theirs } = await both(path);
    expect([ours.status, ours.body]).toEqual([theirs.status, theirs.body]);
    expect(theirs.status).toBe(200);
  });

  test("the page is the same for data that MiniJinja does not have", async () => {
    const { ours, theirs } = await both("/app/square/123456789012345678901234567890");
    expect([ours, theirs.status]).toEqual([theirs, 200]);
    await node.untilOutput(/pages are rendered by Jinja2 from now on/);
  });

  test.each([
    ["/app/nothing"],
    ["/app/square/x"],
    ["/app/fail"],
    ["/app/absent"],
    ["/app/failing"],
    ["/app/result/none"],
    ["/app/result/number"],
    ["/app/result/text"],
    ["/app/result/list"],
    ["/app/result/several"],
    ["/app/result/named"],
    ["/rich/number"],
    ["/rich/pairs"],
  ])("the status of %s is the same", async (path) => {
    const { ours, theirs } = await both(path);
    expect(ours.status).toBe(theirs.status);
  });

  test.each([
    ["/app/square/3"],
    ["/app/result/number"],
    ["/app/result/none"],
    ["/app/all"],
    ["/app/fail"],
    ["/app"],
  ])("the JSON of %s is the same", async (path) => {
    const { ours, theirs } = await both(path, { headers: JSON_ONLY });
    expect([ours.status, parsed(ours.body)]).toEqual([theirs.status, parsed(theirs.body)]);
  });

  test.each([
    ["octets", "\0\u0001", undefined],
    ["a form", "a=b&c=d+e", "application/x-www-form-urlencoded"],
    [
      "a form with parts",
      '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--\r\n',
      "multipart/form-data; boundary=x",
    ],
    ["nothing", "", undefined],
  ])("a POST of %s is the same", async (_what, body, type) => {
    const headers: Record<string, string> = type === undefined ? {} : { "Content-Type": type };
    const octets = Buffer.from(body);
    const { ours, theirs } = await both("/app/show?q=1", { method: "POST", body: octets, headers });
    expect(ours).toEqual(theirs);
  });
});

const parsed = (text: string): unknown =>
  text.startsWith("{") ? JSON.parse(text) : text.slice(0, 20);

/** Every attribute of every Web service counts at each of two proxy workers of the built binary that share a port. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { zipSync } from "fflate";
import type { AttributeRow, Upstreams } from "../support/attributes/attribute-row.ts";
import {
  BRIDGE_ROWS,
  TOKENLESS_ROWS,
  tokenRows,
  UPLOAD_ROWS,
  WEBHOOK_ROWS,
} from "../support/attributes/bridge-rows.ts";
import { documentedAttributes } from "../support/attributes/documented-attributes.ts";
import { archiveRows, PAGE_ROWS, STATIC_ROWS } from "../support/attributes/file-rows.ts";
import { LONGPOLL_ROWS, STREAM_ROWS, WAP_ROWS } from "../support/attributes/session-rows.ts";
import { upstreamRows, WEBSOCKET_ROWS } from "../support/attributes/upstream-rows.ts";
import { startUpstreams } from "../support/attributes/upstreams.ts";
import { scriptedCallee } from "../support/scripted-callee.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import { issuerKey, keySet, sign } from "../support/tokens.ts";
import { webAt, webProxy, webRouter } from "../support/web-workers.ts";
import { WorkerConnection } from "../support/worker-connection.ts";

const TESTS = resolve(import.meta.dir, "..");
const DOCUMENT = resolve(import.meta.dir, "../../docs/node-json.md");
const SCHEMA = resolve(import.meta.dir, "../fixtures/catalog/shop.bfbs");

const site = zipSync({ "app/ten.txt": Buffer.from("0123456789") });
const upstreams: Upstreams & { stop(): Promise<void> } = await startUpstreams(site);
const key = await issuerKey("key1");
const rows: AttributeRow[] = [
  ...STATIC_ROWS,
  ...archiveRows(site, upstreams),
  ...PAGE_ROWS,
  ...BRIDGE_ROWS,
  ...(await tokenRows(await sign(key, { role: "anonymous" }))),
  ...TOKENLESS_ROWS,
  ...WEBHOOK_ROWS,
  ...UPLOAD_ROWS,
  ...upstreamRows(upstreams),
  ...STREAM_ROWS,
  ...LONGPOLL_ROWS,
  ...WAP_ROWS,
  ...WEBSOCKET_ROWS,
];

/** Attributes whose effect takes long, many clients or another machine, and the tests of them. */
const SHOWN_ELSEWHERE: Record<string, string> = {
  "caller.auth.bearer.jwks_url": "acceptance/bearer-tokens.test.ts",
  "caller.auth.bearer.cookie": "acceptance/token-cookies.test.ts",
  "caller.auth.bearer.jwks_refresh_interval": "acceptance/bearer-tokens.test.ts",
  "caller.auth.bearer.jwks_lifetime": "unit/config/path-auth.test.ts",
  "upload.form_fields.session": "acceptance/upload.test.ts",
  "upload.form_fields.identifier": "unit/transport/web/upload-fields.test.ts",
  "upload.options.file_permissions": "acceptance/upload.test.ts",
  "reverseproxy.options.connect_timeout": "unit/config/reverse-proxy.test.ts",
  "sse.options.max_buffered": "transport/event-stream.test.ts",
  "sse.options.stall_timeout": "transport/event-stream.test.ts",
  "sse.options.max_outgoing": "transport/event-stream.test.ts",
  "longpoll.options.session_timeout": "transport/longpoll.test.ts",
  "longpoll.options.queue_limit_bytes": "unit/config/longpoll.test.ts",
  "longpoll.options.queue_limit_messages": "transport/longpoll.test.ts",
  "longpoll.options.stall_timeout": "proxy/longpoll.test.ts",
  "longpoll.options.max_outgoing": "unit/transport/web/longpoll-states.test.ts",
  "longpoll.options.message_timeout": "transport/longpoll.test.ts",
  "longpoll.options.max_incomplete": "transport/incomplete-messages.test.ts",
  "longpoll.options.told_by_close": "proxy/told-by-close.test.ts",
  "longpoll.options.max_connection_age": "proxy/retirement.test.ts",
  "longpoll.options.join_timeout": "proxy/joining.test.ts",
  "longpoll.options.authenticate_timeout": "proxy/joining.test.ts",
  "longpoll.options.max_auth_failures_per_minute": "proxy/joining.test.ts",
  "websocket.mqtt": "acceptance/mqtt.test.ts",
  "websocket-proxy.serializers": "unit/config/load.test.ts",
  "websocket-proxy.auth": "proxy/proxy-session.test.ts",
  "websocket-proxy.options": "unit/config/load.test.ts",
  "websocket-proxy.cookie": "unit/config/load.test.ts",
  "websocket-proxy.mqtt": "unit/config/mqtt.test.ts",
};

const port = freePort();
const anonymous = { anonymous: { type: "static", role: "anonymous" } };
const ticket = { type: "static", principals: { alice: { ticket: "secret1", role: "anonymous" } } };
const paths = {
  ...Object.fromEntries(rows.map(({ service }, index) => [`row${index}`, service])),
  info: { type: "nodeinfo" },
  ws: { type: "websocket", auth: anonymous },
  login: { type: "websocket", auth: { cookie: {}, ticket }, cookie: {} },
};

let count = 0;
const procedures = {
  "com.example.echo": (args: unknown[]) => ({ result: [args] }),
  "com.example.square": (_: unknown, { x }: Record<string, unknown>) => ({
    result: [[{ x, result: Number(x) ** 2 }]],
  }),
  "com.example.unique": () => ({ result: [[++count]] }),
  "com.example.never": () => null,
};

describe("an attribute counts at both workers:", () => {
  let node: TemporaryNode;
  let callee: Awaited<ReturnType<typeof scriptedCallee>>;

  beforeAll(async () => {
    const files = {
      "web/ten.txt": "0123456789",
      "web/folder/inner.txt": "inner",
      "site.zip": site,
      "shop.bfbs": await Bun.file(SCHEMA).bytes(),
      "keys.json": keySet(key),
      token: "of-the-file\n",
      "templates/square.html": "{{ x }} squared is {{ result }}",
      "templates/page.html": "a page",
    };
    const proxy = (id: string) => ({ ...webProxy(webAt(port, paths, { shared: true })), id });
    const router = webRouter({
      type: "rawsocket",
      endpoint: { type: "unix", path: "open.sock" },
      auth: anonymous,
    });
    const workers = [router, proxy("proxy1"), proxy("proxy2")];
    const folder = temporaryFolder({ ...files, "node.json": { version: 2, workers } });
    for (const name of ["uploaded", "incomplete"]) mkdirSync(join(folder, name));
    node = await startNode(folder);
    const url = `ws://127.0.0.1:${port}/ws`;
    callee = await scriptedCallee(url, "json", procedures, ["com.example.topic"]);
  }, 30_000);

  afterAll(async () => {
    await callee?.leave();
    await node?.stop();
    await upstreams.stop();
  }, 30_000);

  /** The arguments of the next event; calls without an answer come between. */
  async function nextEvent(): Promise<unknown> {
    for (;;) {
      const [type, , , , args] = await callee.next();
      if (type === 36) return args;
    }
  }

  const titles = rows.map(
    (row, index) => [`${row.shows.split(" ")[0]}, row ${index}`, index] as const,
  );
  test.each(titles)("%s", async (_, index) => {
    const row = rows[index];
    if (row === undefined) throw new Error("no such row");
    for (const worker of ["proxy1", "proxy2"]) {
      const before = await prepare(row, index, worker);
      const connection = await WorkerConnection.to(port, worker, "/info");
      connection.send(requestOf(row, index, before));
      await connection.until(row.until ?? /(?!)/);
      expectAnswer(row, connection.text, before);
      for (const args of row.events ?? []) expect(await nextEvent()).toMatchObject(args);
      connection.close();
    }
  });
});

test("each attribute of the reference has a row, or another test", async () => {
  const shown = new Set(rows.flatMap(({ shows }) => shows.split(" ")));
  const documented = documentedAttributes(await Bun.file(DOCUMENT).text());
  const others = documented.filter((name) => !shown.has(name));
  expect(others).toEqual(Object.keys(SHOWN_ELSEWHERE));
  expect([...shown].filter((name) => !documented.includes(name))).toEqual([]);
  for (const [name, file] of Object.entries(SHOWN_ELSEWHERE)) {
    const text = await Bun.file(join(TESTS, file)).text();
    expect([name, text.includes(name.split(".").at(-1) ?? "")]).toEqual([name, true]);
  }
});

/** Sends the request that comes before; gives its answer. */
async function prepare({ before }: AttributeRow, index: number, worker: string): Promise<string> {
  if (before === undefined) return "";
  const connection = await WorkerConnection.to(port, worker, "/info");
  connection.send(printRequest(index, before.ask, before.headers, before.body, "keep-alive"));
  await connection.until(before.until);
  return connection.text;
}

function requestOf({ ask, headers, body }: AttributeRow, index: number, before: string): string {
  const line = typeof ask === "string" ? ask : ask(before);
  const octets = typeof body === "function" ? body(before) : body;
  return printRequest(index, line, headers, octets, "close");
}

function printRequest(
  index: number,
  line: string,
  headers: Record<string, string> = {},
  body: string | undefined,
  connection: string,
): string {
  const [method, rest = ""] = line.split(" ");
  const isHandshake = headers["Upgrade"] !== undefined;
  const length = body === undefined || isHandshake ? {} : { "Content-Length": `${body.length}` };
  const fields = { Host: "localhost", Connection: connection, ...length, ...headers };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} /row${index}${rest} HTTP/1.1\r\n${lines.join("")}\r\n${body ?? ""}`;
}

function expectAnswer(
  { status, gets = {}, text, until }: AttributeRow,
  answer: string,
  before: string,
) {
  const end = answer.indexOf("\r\n\r\n");
  const [line = "", ...fields] = answer.slice(0, end).split("\r\n");
  const body = answer.slice(end + 4);
  const headers = new Map(
    fields.map((field) => [
      field.slice(0, field.indexOf(":")).toLowerCase(),
      field.slice(field.indexOf(":") + 1).trim(),
    ]),
  );
  expect(`${line}\n${body}`).toStartWith(`HTTP/1.1 ${status} `);
  for (const [name, value] of Object.entries(gets)) {
    const got = headers.get(name) ?? null;
    if (value instanceof RegExp) expect(got ?? "").toMatch(value);
    else expect([name, got]).toEqual([name, value]);
  }
  if (until !== undefined) expect(answer).toMatch(until);
  if (text instanceof RegExp) expect(body).toMatch(text);
  else if (text !== undefined)
    expect(body).toContain(typeof text === "function" ? text(before) : text);
}

/** Pages whose calls or results go wrong. */

import { describe, expect, test } from "bun:test";
import { Failure } from "#base/failure.ts";
import type { WapServiceConfig } from "#config/web-service/wap-config.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import { WapPages } from "#transport/web/wap/wap-pages.ts";
import type { Payload } from "#wamp/transcode/payload-slice.ts";
import type { WampAnswer, WampCaller, WampRequest } from "#wamp/wamp-caller.ts";
import { quietContext } from "../../../support/quiet-context.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const templates = temporaryFolder({
  "a.html": "{{ x }}",
  "long.html": "{% for a in range(20) %}{{ x }}{% endfor %}",
  "slow.html": "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
  "loop.html": "{% for k in x %}{{ k }}{% endfor %}",
});
const route = {
  rule: "/a",
  method: "GET",
  call: "com.example.a",
  render: "a.html",
  isOffered: true,
} as const;
const config: WapServiceConfig = {
  type: "wap",
  templates,
  sandbox: true,
  realm: "realm1",
  role: "anonymous",
  routes: [
    route,
    { ...route, method: "POST" },
    ...["long", "slow", "loop"].map((name) => ({
      ...route,
      rule: `/${name}`,
      render: `${name}.html`,
    })),
    { ...route, rule: "/not-offered", isOffered: false },
  ],
};

const request = (
  path: string,
  fields: Record<string, string> = {},
  method = "GET",
): ClientRequest => {
  const [pathname = "", search = ""] = path.split(/(?=\?)/);
  return {
    method,
    url: { pathname, search },
    headers: {
      get: (name) => fields[name] ?? null,
      has: (name) => name in fields,
      entries: () => Object.entries(fields),
    },
    isHttp10: false,
    framing: { kind: "length", octets: 0 },
    peer: "tcp4:127.0.0.1:1",
    isSecure: false,
    strictTransport: "",
  };
};

type Reply = (asked: WampRequest) => Promise<WampAnswer>;
const gone = new AbortController();

async function ask(reply: Reply, asked: ClientRequest, body = "", clientGone = gone.signal) {
  const wampCaller = { request: reply } as unknown as WampCaller;
  const pages = await WapPages.open(config, { ...quietContext, wampCaller }, 20);
  return await pages.perform(asked, Buffer.from(body), () => clientGone);
}

const text = ({ body }: HttpAnswer) => Buffer.from(body as Uint8Array).toString();
const cbor = (...hex: string[]): Payload => ({
  serializer: "cbor",
  items: hex.map((one) => Buffer.from(one, "hex")),
});
const json = (args: unknown[]): Payload => ({
  serializer: "json",
  items: [Buffer.from(JSON.stringify(args))],
});
const returns =
  (payload: Payload): Reply =>
  async () => ({ kind: "result", payload });

/** Waits until it is given up. */
const never: Reply = ({ signal }) =>
  new Promise((_, reject) => {
    signal.throwIfAborted();
    signal.addEventListener("abort", () => reject(signal.reason));
  });

describe("a page is", () => {
  test.each<[string, number, Reply, string?]>([
    ["504 without an answer in time", 504, never],
    [
      "503 without a router",
      503,
      () => Promise.reject(new Failure("Cannot reach 10.0.0.1", { source: "router" })),
    ],
    ["500 after a fault of the program", 500, () => Promise.reject(new Error("10.0.0.1"))],
    ["500 for a result of no items", 500, returns(cbor())],
    ["500 for None", 500, returns(cbor("81f6"))],
    ["500 for several results", 500, returns(cbor("82a0a0"))],
    ["500 for named results", 500, returns(cbor("81a0", "a1617801"))],
    ["200 for a mapping", 200, returns(cbor("81a1617801"))],
    ["200 for a list of pairs", 200, returns(cbor("818182617801"))],
    ["500 for a value of an unknown tag", 500, returns(cbor("81a16178d864f6"))],
    ["500 for octets that are no CBOR", 500, returns(cbor("ff"))],
    ["500 for a page that is too long", 500, returns(json([{ x: "a".repeat(2 ** 20) }])), "/long"],
    ["500 for a page that takes too long", 500, returns(json([{}])), "/slow"],
    ["501 for a list that is printed", 501, returns(json([{ x: [1] }]))],
    ["501 for octets that are printed", 501, returns(cbor("81a161784100"))],
    ["200 for octets that no template has", 200, returns(cbor("81a161794100"))],
    ["501 for the order of a mapping", 501, returns(json([{ x: { b: 1, a: 2 } }])), "/loop"],
    ["501 for a float that Python prints in another way", 501, returns(json([{ x: 1e-7 }]))],
    ["501 for a route that is not offered", 501, returns(cbor("81a0")), "/not-offered"],
  ])("%s", async (_title, status, reply, path = "/a") => {
    const page = await ask(reply, request(path));
    expect(page.status).toBe(status);
    expect(text(page)).not.toContain("10.0.0.1");
  });

  test("given up once its client has gone", async () => {
    const client = new AbortController();
    const page = ask(never, request("/a"), "", client.signal);
    client.abort();
    expect((await page).status).toBe(503);
  });
});

test.each([
  ["504", never, '{"error":"wamp.error.timeout"}'],
  [
    "503",
    () => Promise.reject(new Failure("a", { source: "router" })),
    '{"error":"wamp.error.unavailable"}',
  ],
  ["200", returns(cbor("8101")), "1"],
  ["200", returns(cbor("81820102")), "[1,2]"],
  ["200", returns(cbor()), "null"],
  ["200", returns(cbor("80", "a0")), "null"],
  ["200", returns({ serializer: "json", items: [Buffer.from(' [ {"a" : 1.0} ]')] }), '{"a" : 1.0}'],
])("JSON is %s", async (status, reply, json) => {
  const answer = await ask(reply as Reply, request("/a", { accept: "application/json" }));
  expect([answer.status, text(answer).trim()]).toEqual([Number(status), json]);
  expect(answer.headers["Content-Type"]).toBe("application/json");
});

test.each<[string, string, string]>([
  [
    "a form that is cut off",
    "multipart/form-data; boundary=x",
    "--x\r\nContent-Disposition: form-data; name=a",
  ],
  ["a form without a boundary", "multipart/form-data", "a"],
  ["a form with octets that are no text", "application/x-www-form-urlencoded", "a=%ff"],
  ["a field of the name of the body", "application/x-www-form-urlencoded", "data_type=a"],
])("refuses %s", async (_what, type, body) => {
  const answer = await ask(
    returns(cbor("81a0")),
    request("/a", { "content-type": type }, "POST"),
    body,
  );
  expect(answer.status).toBe(400);
});

test("cannot be opened by a worker without sessions of its own, or with templates that are malformed", async () => {
  await expect(WapPages.open(config, quietContext)).rejects.toThrow("no WAMP sessions of its own");
  const wampCaller = { request: never } as unknown as WampCaller;
  const broken = { ...config, templates: temporaryFolder({ "a.html": "\n{% if %}" }) };
  const opening = WapPages.open(broken, { ...quietContext, wampCaller });
  await expect(opening).rejects.toThrow('a.html", line 2: ');
});

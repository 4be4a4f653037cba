/** Pages of another origin: what they may read, call, listen to and connect to, as configured. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { hasChromium, inPage, launchChromium } from "../support/chromium.ts";
import { startPageNode, webSocket } from "../support/page-node.ts";
import { scriptedCallee } from "../support/scripted-callee.ts";
import { freePorts, type TemporaryNode } from "../support/temporary-node.ts";

const [port = 0, otherPort = 0] = freePorts(2);
const pageOrigin = `http://127.0.0.1:${port}`;
const other = `http://127.0.0.1:${otherPort}`;

const listed = { allowed_origins: [pageOrigin] };
const unlisted = { allowed_origins: ["https://example.com"] };
const service = { realm: "realm1", role: "anonymous" };
const events = { type: "sse", ...service, topics: [{ topic: "com.example.news" }] };
const value = { type: "json", value: "a value" };
const paths = {
  value,
  "own-value": { ...value, options: { allow_cross_origin: false } },
  call: { type: "caller", ...service },
  signed: { type: "caller", ...service, options: { key: "key1", secret: "topsecret" } },
  events,
  "listed-events": { ...events, options: listed },
  "unlisted-events": { ...events, options: unlisted },
  ws: { ...webSocket, options: listed },
  "other-ws": { ...webSocket, options: unlisted },
};

describe.skipIf(!hasChromium)("a page of another origin", () => {
  let node: TemporaryNode;
  let browser: Browser;
  let page: Page;
  let callee: Awaited<ReturnType<typeof scriptedCallee>>;

  beforeAll(async () => {
    node = await startPageNode({ [port]: { paths: {} }, [otherPort]: { paths } });
    const procedures = { "com.example.echo": (args: unknown[]) => ({ result: [args] }) };
    callee = await scriptedCallee(`ws://127.0.0.1:${otherPort}/ws`, "json", procedures);
    browser = await launchChromium();
    page = await browser.newPage();
    await page.goto(`${pageOrigin}/pages/`);
  }, 30_000);

  afterAll(async () => {
    await browser?.close();
    await callee?.leave();
    await node?.stop();
  });

  const request = (path: string, options: object = {}) =>
    inPage(page, "request", `${other}${path}`, options);
  const call = (more: object = {}) => ({
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ procedure: "com.example.echo", args: [1] }),
    ...more,
  });
  const withCookies = { credentials: "include" };

  test("reads a value where allow_cross_origin is true, and never with its cookies", async () => {
    expect(await request("/value")).toEqual([200, '"a value"']);
    expect(await request("/value", withCookies)).toBe("TypeError");
    expect(await request("/own-value")).toBe("TypeError");
  });

  test("calls, after it has asked and with cookies too, as in Crossbar", async () => {
    const result = [200, '{"args":[1]}'];
    expect(await request("/call", call())).toEqual(result);
    expect(await request("/call", call(withCookies))).toEqual(result);
    expect(await request("/call", call({ method: "PUT" }))).toEqual(result);
    const keyed = { "Content-Type": "application/json", "Idempotency-Key": '"key1"' };
    expect(await request("/call", call({ headers: keyed }))).toEqual(result);
  });

  test("reads why its call was refused", async () => {
    const plain = { "Content-Type": "text/plain" };
    const refusal = expect.stringMatching(/^\{"error":"Cannot /);
    expect(await request("/call", call({ headers: plain }))).toEqual([400, refusal]);
    expect(await request("/signed", call())).toEqual([400, refusal]);
    expect(await request("/call")).toEqual([405, refusal]);
  });

  test.each([
    ["events", {}, "open"],
    ["events", { withCredentials: true }, "closed"],
    ["listed-events", {}, "open"],
    ["listed-events", { withCredentials: true }, "open"],
    ["unlisted-events", {}, "closed"],
  ])("listens to %s with %o: %s", async (path, options, outcome) => {
    await inPage(page, "listen", `${other}/${path}`, options);
    expect(await inPage(page, "next")).toBe(outcome);
  });

  test.each([
    ["ws", "open"],
    ["other-ws", "refused"],
  ])("connects to %s: %s", async (path, outcome) => {
    const url = `ws://127.0.0.1:${otherPort}/${path}`;
    expect(await inPage(page, "tryWebSocket", url)).toBe(outcome);
  });
});

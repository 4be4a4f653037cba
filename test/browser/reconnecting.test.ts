/** Pages whose worker is killed: they listen and are joined again by themselves. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { hasChromium, inPage, launchChromium, openPage } from "../support/chromium.ts";
import { startPageNode, webSocket } from "../support/page-node.ts";
import { freePort, type TemporaryNode, workerPids } from "../support/temporary-node.ts";

const port = freePort();
const service = { realm: "realm1", role: "anonymous" };
const topics = [{ topic: "com.example.news" }];
const paths = {
  ws: webSocket,
  events: { type: "sse", ...service, topics, options: { retry: 100 } },
  publish: { type: "publisher", ...service },
};
const origin = `http://127.0.0.1:${port}`;

describe.skipIf(!hasChromium)("a page", () => {
  let node: TemporaryNode;
  let browser: Browser;

  beforeAll(async () => {
    node = await startPageNode({ [port]: { paths } });
    browser = await launchChromium();
  }, 30_000);

  afterAll(async () => {
    await browser?.close();
    await node?.stop();
  });

  /** The pid of a worker, as the node has started it. */
  const pidOf = (id: string) => workerPids(node.output())[id] ?? 0;

  const tryToPublish = (text: string) => {
    const body = JSON.stringify({ topic: "com.example.news", args: [text] });
    const headers = { "Content-Type": "application/json", Connection: "close" };
    return fetch(`${origin}/publish`, { method: "POST", body, headers });
  };
  const publish = async (text: string) => expect((await tryToPublish(text)).status).toBe(200);

  /** Waits until all of these have arrived, in any order and with others between them. */
  const untilArrived = async (page: Page, ...wanted: string[]) => {
    const missing = new Set(wanted);
    while (missing.size > 0) missing.delete(String(await inPage(page, "next")));
  };

  const event = (text: string) => ({ topic: "com.example.news", args: [text], kwargs: {} });

  test("listens and is joined again after its proxy was killed", async () => {
    const page = await openPage(browser, `${origin}/pages/autobahn.html`);
    await inPage(page, "listen", "/events");
    await untilArrived(page, "open");
    await publish("one");
    expect(await inPage(page, "next")).toEqual(event("one"));
    const options = { max_retries: -1, initial_retry_delay: 0.1, max_retry_delay: 0.2 };
    const url = `ws://127.0.0.1:${port}/ws`;
    await inPage(page, "join", { url, serializer: "cbor", isTold: true, ...options });
    await untilArrived(page, "joined");

    process.kill(pidOf("proxy"), "SIGKILL");
    await untilArrived(page, "lost", "left", "open", "joined");
    await publish("two");
    expect(await inPage(page, "next")).toEqual(event("two"));
  });

  test("listens again after its router was killed", async () => {
    const page = await openPage(browser, `${origin}/pages/`);
    await inPage(page, "listen", "/events");
    await untilArrived(page, "open");
    process.kill(pidOf("router"), "SIGKILL");
    await untilArrived(page, "lost");
    // Until there is a router, it opens streams that end at once.
    let arrived: unknown;
    while (typeof arrived !== "object") {
      arrived = await inPage(page, "next");
      if (arrived === "open") await tryToPublish("three");
    }
    expect(arrived).toEqual(event("three"));
  });
});

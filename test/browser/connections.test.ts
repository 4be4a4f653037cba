/** The connections of a browser to one node: which of its requests wait for others. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser } from "playwright-core";
import { hasChromium, inPage, launchChromium, openPage } from "../support/chromium.ts";
import { startPageNode, webSocket } from "../support/page-node.ts";
import { freePort, type TemporaryNode } from "../support/temporary-node.ts";

const port = freePort();
const origin = `http://127.0.0.1:${port}`;
const topics = [{ topic: "com.example.news" }];
const paths = {
  value: { type: "json", value: 1 },
  events: { type: "sse", realm: "realm1", role: "anonymous", topics },
  ws: webSocket,
};

describe.skipIf(!hasChromium)("a browser", () => {
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

  test("with six event streams opens WebSockets, but lets requests wait", async () => {
    const page = await openPage(browser, `${origin}/pages/`);
    for (let count = 0; count < 6; count++) {
      await inPage(page, "listen", "/events");
      expect(await inPage(page, "next")).toBe("open");
    }
    await page.evaluate('void request("/value").then(arrive)');
    expect(await inPage(page, "tryWebSocket", `ws://127.0.0.1:${port}/ws`)).toBe("open");
    await inPage(page, "arrive", "nothing before");
    expect(await inPage(page, "next")).toBe("nothing before");
    await inPage(page, "stopListening");
    expect(await inPage(page, "next")).toEqual([200, "1"]);
  });
});

/** The page of a node in a browser: it follows the node, draws, says when it is lost, and is readable without JavaScript. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { hasChromium, launchChromium, openPage } from "../support/chromium.ts";
import { startPageNode, webSocket } from "../support/page-node.ts";
import { freePort, type TemporaryNode, workerPids } from "../support/temporary-node.ts";
import { joinAutobahn } from "../support/wamp-clients.ts";

const port = freePort();
const url = `http://127.0.0.1:${port}/info`;
const paths = { info: { type: "nodeinfo" }, ws: webSocket };

/** How many pixels of a chart are drawn. */
const DRAWN = `{
  const canvas = document.querySelector("#chart-messages canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  data.filter((octet, index) => index % 4 === 3 && octet > 0).length;
}`;

describe.skipIf(!hasChromium)("the page of a node", () => {
  let node: TemporaryNode;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    node = await startPageNode({ [port]: { paths } });
    browser = await launchChromium();
  }, 30_000);

  afterAll(async () => {
    await browser?.close();
    await node?.stop();
  });

  const row = (table: string, text: string) => page.locator(`#${table}-rows tr`, { hasText: text });

  test("shows a session that joins, and no more once it has left", async () => {
    page = await openPage(browser, url);
    await page.locator("#live.live").waitFor();
    const session = row("sessions", "realm1").filter({ hasText: "proxy" });
    expect(await session.count()).toBe(0);
    const client = await joinAutobahn(`ws://127.0.0.1:${port}/ws`, "json");
    await session.filter({ hasText: "anonymous" }).waitFor();
    await client.leave();
    await session.waitFor({ state: "detached" });
  }, 30_000);

  test("shows why a client was refused", async () => {
    page = await openPage(browser, url);
    await page.locator("#live.live").waitFor();
    const client = new WebSocket(`ws://127.0.0.1:${port}/ws`, "wamp.2.json");
    client.onopen = () => client.send('[1,"nowhere",{"roles":{"caller":{}}}]');
    await row("refusals", "wamp.error.no_such_realm").waitFor();
  }, 30_000);

  test("draws charts, with a legend that names each worker", async () => {
    page = await openPage(browser, url);
    await page.locator("#charts:not([hidden]) #chart-messages canvas").waitFor();
    const labels = page.locator("#chart-messages .u-legend .u-label");
    expect(await labels.allTextContents()).toEqual(["Time", "router", "proxy"]);
    expect(Number(await page.evaluate(DRAWN))).toBeGreaterThan(100);
  }, 30_000);

  test("says that it is lost while its worker is dead, and is live again", async () => {
    page = await openPage(browser, url);
    await page.locator("#live.live").waitFor();
    process.kill(workerPids(node.output())["proxy"] ?? 0, "SIGKILL");
    await page.locator("#live.lost").waitFor();
    await page.locator("#live.live").waitFor();
    await row("warnings", "worker died").waitFor();
    expect(await row("workers", "proxy").locator("td").nth(2).textContent()).toBe("1");
  }, 30_000);

  test("is readable without JavaScript", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    try {
      page = await context.newPage();
      await page.goto(url);
      expect(await page.locator("#live").textContent()).toBe("Reload the page for newer figures.");
      expect(await page.locator("#charts").isVisible()).toBe(false);
      for (const table of ["workers", "sessions", "routers", "joins", "transports", "warnings"]) {
        expect(await page.locator(`#${table}-rows tr`).first().isVisible()).toBe(true);
      }
      expect(await row("workers", "router").isVisible()).toBe(true);
      expect(await row("transports", "/info").isVisible()).toBe(true);
    } finally {
      await context.close();
    }
  }, 30_000);
});

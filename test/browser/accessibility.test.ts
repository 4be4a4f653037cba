/** Every page that the node makes itself, as axe-core sees it: light and dark, and on a narrow screen. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import axe from "axe-core";
import type { Browser } from "playwright-core";
import { hasChromium, launchChromium, openUser } from "../support/chromium.ts";
import { startPageNode, webSocket } from "../support/page-node.ts";
import { freePorts, type TemporaryNode } from "../support/temporary-node.ts";

/** Kept for people, and by no test. */
const SCREENSHOTS = resolve(import.meta.dir, "../../.screenshots");

const [port = 0, nowhere = 0] = freePorts(2);
const origin = `http://127.0.0.1:${port}`;

const paths = {
  info: { type: "nodeinfo" },
  files: { type: "static", directory: "files", options: { enable_directory_listing: true } },
  ws: webSocket,
  "no-page": { ...webSocket, options: { enable_webstatus: false } },
  relayed: {
    type: "websocket-reverseproxy",
    backend: {
      type: "websocket",
      endpoint: { type: "tcp", host: "127.0.0.1", port: nowhere },
      url: "ws://127.0.0.1/",
    },
  },
  cgi: { type: "cgi", script: "hello.py", processor: "/usr/bin/python3" },
  away: { type: "reverseproxy", host: "127.0.0.1", port: nowhere },
  archive: {
    type: "archive",
    archive: "a.zip",
    origin: `http://127.0.0.1:${nowhere}/a.zip`,
    download: true,
  },
};

const pages: [name: string, path: string, status: number][] = [
  ["the info page", "/info", 200],
  ["a folder", "/files/", 200],
  ["an empty folder", "/files/empty/", 200],
  ["what is missing", "/none", 404],
  ["the address of a WebSocket", "/ws", 200],
  ["the same without a page", "/no-page", 426],
  ["the address of relayed WebSockets", "/relayed", 200],
  ["what does not run here", "/cgi", 501],
  ["a server that cannot be reached", "/away", 502],
  ["an archive that is not there yet", "/archive/", 503],
];

const users = [
  ["desktop", { viewport: { width: 1280, height: 800 } }],
  ["dark", { viewport: { width: 1280, height: 800 }, colorScheme: "dark" }],
  ["telephone", { viewport: { width: 320, height: 640 }, isMobile: true }],
] as const;

interface Violation {
  id: string;
  nodes: { html: string }[];
}

describe.skipIf(!hasChromium)("on", () => {
  let node: TemporaryNode;
  let browser: Browser;

  beforeAll(async () => {
    node = await startPageNode({ [port]: { paths } }, ["files", "files/empty"]);
    browser = await launchChromium();
    mkdirSync(SCREENSHOTS, { recursive: true });
  }, 30_000);

  afterAll(async () => {
    await browser?.close();
    await node?.stop();
  });

  describe.each(users)("%s", (screen, options) => {
    test.each(pages)("%s has no violation", async (_name, path, status) => {
      const user = await openUser(browser, options);
      // Not by the page, whose Content-Security-Policy lets no script run.
      await user.addInitScript({ content: axe.source });
      const page = await user.newPage();
      const said: string[] = [];
      page.on("console", (message) => said.push(message.text()));
      expect((await page.goto(`${origin}${path}`))?.status()).toBe(status);
      const { violations } = (await page.evaluate("axe.run()")) as { violations: Violation[] };
      expect(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
      const [width, visible] = (await page.evaluate(
        "[document.documentElement.scrollWidth, innerWidth]",
      )) as [number, number];
      expect(width).toBeLessThanOrEqual(visible);
      expect(said.filter((text) => !text.startsWith("Failed to load resource"))).toEqual([]);
      if (path === "/info")
        await page.screenshot({ path: join(SCREENSHOTS, `info-${screen}.png`), fullPage: true });
    });
  });
});

/** Every page that the node makes itself, as axe-core sees it: light and dark, and on a narrow screen. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { hasChromium, launchChromium } from "../support/chromium.ts";
import { startPageNode, webSocket } from "../support/page-node.ts";
import { scriptedCallee } from "../support/scripted-callee.ts";
import { freePorts, type TemporaryNode } from "../support/temporary-node.ts";

/** For people to look at; no test compares them. */
const SCREENSHOTS = resolve(import.meta.dir, "../../.screenshots");

const SHOP = resolve(import.meta.dir, "../fixtures/catalog/shop.bfbs");

/** Those that operators begin with. */
const TEMPLATES = resolve(import.meta.dir, "../../examples/pages/templates");

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
  shop: { type: "catalog", filename: SHOP },
  wap: {
    type: "wap",
    templates: TEMPLATES,
    routes: [
      { path: "/", method: "GET", call: null, render: "home.html" },
      { path: "/square/<int:x>", method: "GET", call: "com.example.square", render: "square.html" },
      { path: "/thanks", method: "GET", call: "com.example.feedback", render: "thanks.html" },
      { path: "/absent", method: "GET", call: "com.example.absent", render: "home.html" },
    ],
    wamp: { realm: "realm1", authrole: "anonymous" },
  },
  archive: {
    type: "archive",
    archive: "a.zip",
    origin: `http://127.0.0.1:${nowhere}/a.zip`,
    download: true,
  },
};

/** What is at it, its path, and the status of the answer. */
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
  ["a catalog", "/shop", 200],
  ["a table of a catalog", "/shop/table?name=shop.Order", 200],
  ["an enumeration of a catalog", "/shop/enum?name=shop.State", 200],
  ["a service of a catalog", "/shop/service?name=shop.Orders", 200],
  ["what a catalog has not", "/shop/table?name=shop.None", 404],
  ["a page of a template", "/wap", 200],
  ["one of the result of a call", "/wap/square/7", 200],
  ["one that follows a form", "/wap/thanks", 200],
  ["a page whose procedure is missing", "/wap/absent", 500],
  ["a page that has no route", "/wap/none", 404],
];

const screens = [
  ["a desktop", { viewport: { width: 1280, height: 800 } }],
  ["a dark desktop", { viewport: { width: 1280, height: 800 }, colorScheme: "dark" }],
  ["a telephone", { viewport: { width: 320, height: 640 }, isMobile: true }],
] as const;

/** Of the window, in the pixels of the page, and of what is in it. */
const WIDTHS = "[innerWidth, document.documentElement.scrollWidth]";

/** Where a page has no background, axe takes it for white, though a dark browser's is dark. */
const SHOW_CANVAS = `{
  const { documentElement: root, body } = document;
  const isTransparent = (element) => getComputedStyle(element).backgroundColor === "rgba(0, 0, 0, 0)";
  if (isTransparent(root) && isTransparent(body)) root.style.backgroundColor = "Canvas";
}`;

const procedures = {
  "com.example.square": () => ({ result: [[{ x: 7, result: 49 }]] }),
  "com.example.feedback": () => ({ result: [[{ name: "Ada", length: 5 }]] }),
};

interface Violation {
  id: string;
  nodes: { html: string }[];
}

describe.skipIf(!hasChromium)("on", () => {
  let node: TemporaryNode;
  let browser: Browser;
  let callee: Awaited<ReturnType<typeof scriptedCallee>>;

  beforeAll(async () => {
    node = await startPageNode({ [port]: { paths } }, ["files", "files/empty"]);
    callee = await scriptedCallee(`ws://127.0.0.1:${port}/ws`, "json", procedures);
    browser = await launchChromium();
    mkdirSync(SCREENSHOTS, { recursive: true });
  }, 30_000);

  afterAll(async () => {
    await browser?.close();
    await callee?.leave();
    await node?.stop();
  });

  describe.each(screens)("%s", (screen, options) => {
    let page: Page;
    const said: string[] = [];

    beforeAll(async () => {
      page = await browser.newPage(options);
      // Not by the page, whose Content-Security-Policy lets no foreign script run.
      await page.addInitScript({ content: axe.source });
      page.on("console", (message) => said.push(message.text()));
    });

    test.each(pages)("%s has no violation, and fits the screen", async (_name, path, status) => {
      expect((await page.goto(`${origin}${path}`))?.status()).toBe(status);
      const { width } = options.viewport;
      expect(await page.evaluate(WIDTHS)).toEqual([width, width]);
      await page.evaluate(SHOW_CANVAS);
      const { violations } = (await page.evaluate("axe.run()")) as { violations: Violation[] };
      expect(violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)])).toEqual([]);
    });

    test("the browser reports nothing but statuses", () => {
      expect(said.filter((text) => !text.startsWith("Failed to load resource"))).toEqual([]);
    });

    test("a picture is kept of the info page", async () => {
      await page.goto(`${origin}/info`);
      const path = join(SCREENSHOTS, `info on ${screen}.png`);
      await page.screenshot({ path, fullPage: true });
      expect(existsSync(path)).toBe(true);
    });
  });
});

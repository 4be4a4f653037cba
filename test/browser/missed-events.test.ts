/** EventSources of pages: they get what they have missed, and come again where they are not served now. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { hasChromium, inPage, launchChromium, openPage } from "../support/chromium.ts";
import { role, startCrossbar } from "../support/crossbar-router.ts";
import { pageArchive } from "../support/page-archive.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, startNode, type TemporaryNode, workerPids } from "../support/temporary-node.ts";
import { hasPython, joinAutobahn, type WampClient } from "../support/wamp-clients.ts";
import { webAt, webProxy } from "../support/web-workers.ts";

const [port = 0, crossbarPort = 0] = freePorts(2);
const origin = `http://127.0.0.1:${port}`;
const TOPIC = "com.example.news";
const events = {
  type: "sse",
  realm: "realm1",
  role: "anonymous",
  topics: [{ topic: TOPIC }],
  options: { retry: 100 },
};
const paths = {
  pages: { type: "archive", archive: "pages.zip", default_object: "index.html" },
  events,
  one: { ...events, options: { ...events.options, max_listeners: 1 } },
};

const crossbar = (folder: string) => ({
  version: 2,
  workers: [
    {
      type: "router",
      realms: [
        {
          name: "realm1",
          store: { type: "memory", "event-history": [{ uri: TOPIC }] },
          roles: [role("anonymous")],
        },
      ],
      transports: [
        {
          type: "rawsocket",
          endpoint: { type: "unix", path: join(folder, "router.sock") },
          serializers: ["cbor"],
          auth: { "anonymous-proxy": { type: "static" } },
        },
        {
          type: "websocket",
          endpoint: { type: "tcp", port: crossbarPort, interface: "127.0.0.1" },
        },
      ],
    },
  ],
});

describe.skipIf(!hasChromium || !hasPython)("an EventSource", () => {
  let router: { stop(): Promise<void> };
  let node: TemporaryNode;
  let browser: Browser;
  let publisher: WampClient;

  beforeAll(async () => {
    const workers = [{ ...webProxy(webAt(port, paths)), id: "proxy" }];
    const configuration = { version: 2, workers };
    const folder = temporaryFolder({ "node.json": configuration, "pages.zip": pageArchive() });
    router = await startCrossbar(folder, crossbar(folder));
    node = await startNode(folder);
    browser = await launchChromium();
    const join = () => joinAutobahn(`ws://127.0.0.1:${crossbarPort}/`, "json");
    publisher = await join();
    // Crossbar keeps an event only if it has a subscriber.
    await (await join()).subscribe(TOPIC, () => {});
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await node?.stop();
    await router?.stop();
  }, 30_000);

  const publish = (text: string) => publisher.publish(TOPIC, [text]);

  /** The texts of the events that arrive up to this one. */
  async function until(page: Page, last: string): Promise<string[]> {
    const texts: string[] = [];
    while (texts.at(-1) !== last) {
      const arrived = await inPage(page, "next");
      if (typeof arrived !== "string") texts.push((arrived as { args: [string] }).args[0]);
    }
    return texts;
  }

  test("gets the events that it has missed, had it got one before or not", async () => {
    const listening = async () => {
      const page = await openPage(browser, `${origin}/pages/`);
      await inPage(page, "listen", "/events");
      expect(await inPage(page, "next")).toBe("open");
      return page;
    };
    const first = await listening();
    await publish("seen");
    expect(await until(first, "seen")).toEqual(["seen"]);
    const second = await listening();
    process.kill(workerPids(node.output())["proxy"] ?? 0, "SIGKILL");
    for (const page of [first, second]) expect(await inPage(page, "next")).toBe("lost");
    for (const text of ["one", "two", "end"]) await publish(text);
    for (const page of [first, second]) {
      expect(await until(page, "end")).toEqual(["one", "two", "end"]);
    }
  }, 30_000);

  test("that finds all places taken comes again until one is free", async () => {
    const first = await openPage(browser, `${origin}/pages/`);
    await inPage(first, "listen", "/one");
    expect(await inPage(first, "next")).toBe("open");
    const second = await openPage(browser, `${origin}/pages/`);
    await inPage(second, "listen", "/one");
    for (const state of ["open", "lost", "open", "lost"]) {
      expect(await inPage(second, "next")).toBe(state);
    }
    await inPage(first, "stopListening");
    for (;;) {
      const arrived = await inPage(second, "next");
      if (typeof arrived !== "string") break;
      // It stays open now, or else is lost at once.
      if (arrived === "open") await publish("at last");
    }
  }, 30_000);
});

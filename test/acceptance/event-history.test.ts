/** Listeners that come back, where the router keeps events: two proxy workers of one port before a real Crossbar. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { role, startCrossbar } from "../support/crossbar-router.ts";
import { blocksOf } from "../support/documents.ts";
import { type OpenEvents, openEvents } from "../support/event-source.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import { hasPython } from "../support/wamp-clients.ts";
import { webAt, webProxy } from "../support/web-workers.ts";

const LIMIT = 10;

const [documented = "", transcript = ""] = blocksOf("docs/event-streams.md")
  .map(({ text }) => text)
  .filter((text) => /^"store"|^\$ .*Last-Event-ID/m.test(text));
const { store } = JSON.parse(`{${documented}}`);
store["event-history"].push(
  { uri: "com.example.rare" },
  { uri: "com.example.unheard" },
  { uri: "com.example.busy", limit: LIMIT },
);

/** May listen, and not ask for what is kept. */
const listener = {
  name: "listener",
  permissions: [{ uri: "*", allow: { subscribe: true, publish: true } }],
};

const crossbar = (folder: string) => ({
  version: 2,
  workers: [
    {
      type: "router",
      realms: [{ name: "realm1", store, roles: [role("anonymous"), listener] }],
      transports: [
        {
          type: "rawsocket",
          endpoint: { type: "unix", path: join(folder, "router.sock") },
          serializers: ["cbor"],
          auth: { "anonymous-proxy": { type: "static" } },
        },
      ],
    },
  ],
});

const service = { realm: "realm1", role: "anonymous" };
const paths = {
  events: { type: "sse", ...service },
  "of-listeners": { type: "sse", ...service, role: "listener" },
  publish: { type: "publisher", ...service },
};

describe.skipIf(!hasPython)("before a Crossbar with a realm store", () => {
  const port = freePort();
  const origin = `http://127.0.0.1:${port}`;
  let router: { stop(): Promise<void> };
  let node: TemporaryNode;
  const witness = new AbortController();

  beforeAll(async () => {
    const proxy = () => {
      const { routes, ...worker } = webProxy(webAt(port, paths, { shared: true }));
      return { ...worker, routes: { realm1: { ...routes.realm1, listener: "conn1" } } };
    };
    const configuration = { version: 2, workers: [proxy(), proxy()] };
    const folder = temporaryFolder({ "node.json": configuration });
    router = await startCrossbar(folder, crossbar(folder));
    node = await startNode(folder);
    // Crossbar keeps an event only if it has a subscriber, in a subscription of the same kind.
    const topics = ["news", "rare", "busy"].map((name) => `topic=com.example.${name}`);
    const query = [...topics, "prefix=com.example.alerts."].join("&");
    const { body } = await fetch(`${origin}/events?${query}`, { signal: witness.signal });
    body?.pipeTo(new WritableStream()).catch(() => {});
  }, 60_000);

  afterAll(async () => {
    witness.abort();
    await node?.stop();
    await router?.stop();
  }, 30_000);

  const publish = async (topic: string, args: string) => {
    const body = `{"topic":"com.example.${topic}","args":[${args}]}`;
    // A new connection each time, so that both workers publish.
    const headers = { "Content-Type": "application/json", Connection: "close" };
    const answer = await fetch(`${origin}/publish`, { method: "POST", body, headers });
    expect(answer.status).toBe(200);
  };

  const listen = (query: string, lastEventId?: string, path = "events") =>
    openEvents(`${origin}/${path}?${query}`, {
      Connection: "close",
      ...(lastEventId !== undefined && { "Last-Event-ID": lastEventId }),
    });

  /** The arguments of events up to the one with these. */
  async function until(events: OpenEvents, last: unknown) {
    const got: unknown[] = [];
    for (;;) {
      const { args } = (await events.next()) as { args: unknown[] };
      got.push(args[0]);
      if (args[0] === last) return got;
    }
  }

  test("the commands of docs/event-streams.md print what stands there", async () => {
    const [, ...commands] = transcript.split(/^\$ /m);
    expect(commands.length).toBe(2);
    for (const [index, part] of commands.entries()) {
      const [command = "", ...wanted] = part.replaceAll("8080", String(port)).trim().split("\n");
      const shell = `exec ${command.replace("curl", "curl -sS")}`;
      const curl = Bun.spawn(["sh", "-c", shell], { stdout: "pipe" });
      let printed = "";
      for await (const chunk of curl.stdout) {
        printed += Buffer.from(chunk).toString();
        if (index === 0 && printed.endsWith("id: 0\n\n")) await publish("news", '"hello"');
        if (printed.includes("data: ")) break;
      }
      curl.kill();
      await curl.exited;
      const anyNumber = (text: string) => text.replaceAll(/\d{4,}/g, "…").trim();
      expect(anyNumber(printed)).toBe(anyNumber(wanted.join("\n")));
    }
  });

  test("a listener gets what it has missed, each event once and in order, from either worker", async () => {
    const first = await listen("topic=com.example.news");
    await publish("news", '"seen"');
    expect(await until(first, "seen")).toEqual(["seen"]);
    first.close();
    for (let count = 0; count < 5; count++) await publish("news", String(count));
    for (let time = 0; time < 8; time++) {
      const back = await listen("topic=com.example.news", first.lastEventId());
      const live = `live ${time}`;
      await publish("news", `"${live}"`);
      const lives = Array.from({ length: time + 1 }, (_, index) => `live ${index}`);
      expect(await until(back, live)).toEqual([0, 1, 2, 3, 4, ...lives]);
      back.close();
    }
  });

  test("also if it had got none before", async () => {
    const first = await listen("topic=com.example.news");
    first.close();
    await publish("news", '"missed"');
    const back = await listen("topic=com.example.news", first.lastEventId());
    expect(await until(back, "missed")).toEqual(["missed"]);
  });

  test("what it has missed of several topics comes in the order in which it was published", async () => {
    const query = "topic=com.example.news&prefix=com.example.alerts.&topic=com.example.other";
    const first = await listen(query);
    await publish("other", '"seen"');
    expect(await until(first, "seen")).toEqual(["seen"]);
    first.close();
    expect(first.lastEventId()).toMatch(/^\d+\.\d+\.$/);
    for (const [topic, args] of [
      ["news", "1"],
      ["alerts.red", "2"],
      ["other", "3"],
      ["news", "4"],
      ["alerts.blue", '"end"'],
    ] as const)
      await publish(topic, args);
    const back = await listen(query, first.lastEventId());
    // No events of com.example.other are kept.
    expect(await until(back, "end")).toEqual([1, 2, 4, "end"]);
  });

  test("numbers keep their digits", async () => {
    const first = await listen("topic=com.example.rare");
    first.close();
    await publish("rare", "9007199254740993, 1.0, 1");
    const back = await listen("topic=com.example.rare", first.lastEventId());
    await back.next();
    expect(back.text()).toContain('"args":[9007199254740993,1.0,1]');
  });

  test("a listener that was away for longer gets all that is kept", async () => {
    const first = await listen("topic=com.example.busy");
    first.close();
    for (let count = 0; count < LIMIT + 5; count++) await publish("busy", String(count));
    const back = await listen("topic=com.example.busy", first.lastEventId());
    const got = await until(back, LIMIT + 4);
    expect(got).toEqual(
      Array.from({ length: got.length }, (_, index) => LIMIT + 5 - got.length + index),
    );
  });

  test("an event that had no subscriber is not kept by Crossbar", async () => {
    await publish("unheard", '"lost"');
    const back = await listen("topic=com.example.unheard", "0");
    await publish("unheard", '"live"');
    expect(await until(back, "live")).toEqual(["live"]);
    const again = await listen("topic=com.example.unheard", "0");
    expect(await until(again, "live")).toEqual(["live"]);
  });

  test("a role that may not ask goes on without, and the stream says so", async () => {
    const events = await listen("topic=com.example.news", "7", "of-listeners");
    await publish("news", '"live"');
    expect(await until(events, "live")).toEqual(["live"]);
    expect(events.text()).toContain(
      "Last-Event-ID has no effect, because the router keeps no events",
    );
    expect(events.lastEventId()).toBe("");
  });
});

/** The built binary on the seed's configuration, with foreign clients. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { seedFolder } from "../support/seed.ts";
import { startNode, type TemporaryNode, workerPids } from "../support/temporary-node.ts";
import {
  hasPython,
  joinAutobahn,
  joinAutobahn26,
  joinPython,
  joinWampy,
  type WampClient,
} from "../support/wamp-clients.ts";

let node: TemporaryNode;
let origin: string;
let ws: string;

beforeAll(async () => {
  const { folder, port } = seedFolder();
  origin = `http://127.0.0.1:${port}`;
  ws = `ws://127.0.0.1:${port}/ws`;
  node = await startNode(folder);
});

afterAll(async () => {
  expect(await node.stop()).toBe(0);
  expect(existsSync(`${node.folder}/routerws.sock`)).toBe(false);
});

describe("the seed's Web services", () => {
  test("starts one router and two proxies", () => {
    expect(Object.keys(workerPids(node.output()))).toHaveLength(3);
  });

  test("serves the static page", async () => {
    const answer = await fetch(`${origin}/`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("hello from the seed");
  });

  test("serves the default object and files of the archive", async () => {
    expect(await (await fetch(`${origin}/autobahn/`)).text()).toContain("console.log");
    const file = await fetch(`${origin}/autobahn/autobahn.min.js`);
    expect(file.headers.get("content-type")).toStartWith("text/javascript");
  });

  test("shows the info page, and the same as JSON", async () => {
    const page = await fetch(`${origin}/info`);
    expect(page.headers.get("content-type")).toStartWith("text/html");
    const json = await fetch(`${origin}/info`, { headers: { accept: "application/json" } });
    expect(await json.json()).toBeObject();
  });

  test("shows the status page to a plain GET on the WebSocket path", async () => {
    expect((await fetch(`${origin}/ws`)).status).toBe(200);
  });
});

const values = ["text", "Grüße 👋", 42, -1, 1.5, true, null, [1, 2], { b: 1, a: [null] }];

type Joiner = () => Promise<WampClient>;
const joiners: [string, Joiner][] = [
  ["autobahn (JavaScript) over json", () => joinAutobahn(ws, "json")],
  ["autobahn (JavaScript) over msgpack", () => joinAutobahn(ws, "msgpack")],
  ["autobahn (JavaScript) over cbor", () => joinAutobahn(ws, "cbor")],
  ["autobahn 26 (JavaScript) over json", () => joinAutobahn26(ws, "json")],
  ["autobahn 26 (JavaScript) over msgpack", () => joinAutobahn26(ws, "msgpack")],
  ["autobahn 26 (JavaScript) over cbor", () => joinAutobahn26(ws, "cbor")],
  ["wampy over json", () => joinWampy(ws, "json")],
  ["wampy over msgpack", () => joinWampy(ws, "msgpack")],
  ["wampy over cbor", () => joinWampy(ws, "cbor")],
];
if (hasPython) {
  joiners.push(
    ["autobahn (Python) over json", () => joinPython(ws, "json")],
    ["autobahn (Python) over msgpack", () => joinPython(ws, "msgpack")],
    ["autobahn (Python) over cbor", () => joinPython(ws, "cbor")],
    ["autobahn (Python) over json.batched", () => joinPython(ws, "json.batched")],
    ["autobahn (Python) over msgpack.batched", () => joinPython(ws, "msgpack.batched")],
    ["autobahn (Python) over cbor.batched", () => joinPython(ws, "cbor.batched")],
  );
}

describe("WAMP clients on the seed's node", () => {
  for (const [index, [name, join]] of joiners.entries()) {
    // Each client speaks to the next one in the list, so that every serializer meets another.
    const [otherName, joinOther] = joiners[(index + 1) % joiners.length] ?? [name, join];

    test(`${name} calls ${otherName}`, async () => {
      const [caller, callee] = await Promise.all([join(), joinOther()]);
      const procedure = `com.example.echo${index}`;
      await callee.registerEcho(procedure);
      expect(await caller.call(procedure, values)).toEqual(values);
      await Promise.all([caller.leave(), callee.leave()]);
    });

    test(`${name} publishes to ${otherName}`, async () => {
      const [publisher, subscriber] = await Promise.all([join(), joinOther()]);
      const topic = `com.example.topic${index}`;
      const event = Promise.withResolvers<unknown[]>();
      await subscriber.subscribe(topic, event.resolve);
      await publisher.publish(topic, values);
      expect(await event.promise).toEqual(values);
      await Promise.all([publisher.leave(), subscriber.leave()]);
    });
  }
});

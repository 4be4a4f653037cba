/** What both engines of a cluster promise: NATS, and the hub of the tests. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  type ClusterEngine,
  RevisionMismatch,
  type TableChange,
} from "#router/cluster/cluster-engine.ts";
import { NatsEngine } from "#router/cluster/nats-engine.ts";
import { clusterConfig } from "../../support/cluster-harness.ts";
import { LoopbackHub } from "../../support/loopback-engine.ts";
import { hasNats, type NatsServer, startNats } from "../../support/nats-server.ts";
import { quiet } from "../../support/quiet-context.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { freePort } from "../../support/temporary-node.ts";

const port = freePort();
const servers = [`nats://127.0.0.1:${port}`];
const opened: ClusterEngine[] = [];
let folder: string;
let server: NatsServer | undefined;

beforeAll(async () => {
  folder = temporaryFolder();
  if (hasNats) server = await startNats(folder, port);
});

afterAll(async () => {
  for (const engine of opened) await engine.close();
  await server?.kill();
});

function connected(engine: ClusterEngine, is = true): Promise<void> {
  if (engine.isConnected === is) return Promise.resolve();
  return new Promise((resolve) => {
    const seen = () => {
      if (engine.isConnected === is) resolve();
    };
    engine.observe({ connected: seen, apart: seen });
  });
}

async function openNats(changes = {}): Promise<ClusterEngine> {
  const engine = new NatsEngine({ ...clusterConfig, servers, ...changes }, "test", quiet);
  opened.push(engine);
  await connected(engine);
  return engine;
}

const hub = new LoopbackHub();
const engines: [string, () => Promise<ClusterEngine>][] = [
  ["the hub", async () => hub.engine()],
  ...(hasNats ? ([["NATS", openNats]] as [string, () => Promise<ClusterEngine>][]) : []),
];

const utf8 = (text: string) => new TextEncoder().encode(text);

/** Keeps what comes, and waits for it. */
function collector<T>() {
  const all: T[] = [];
  let awake = Promise.withResolvers<void>();
  return {
    all,
    take: (one: T) => {
      all.push(one);
      awake.resolve();
      awake = Promise.withResolvers();
    },
    async until(count: number): Promise<T[]> {
      while (all.length < count) await awake.promise;
      return all;
    },
  };
}

describe.each(engines)("%s", (_, open) => {
  test("carries messages in order, and not back to their sender", async () => {
    const [one, other] = [await open(), await open()];
    const [own, far] = [collector<string>(), collector<string>()];
    one.subscribe("test.order.>", (octets) => own.take(new TextDecoder().decode(octets)));
    other.subscribe("test.order.*", (octets) => far.take(new TextDecoder().decode(octets)));
    await other.flush();
    for (let n = 0; n < 100; n++) one.publish("test.order.a", utf8(String(n)));
    expect(await far.until(100)).toEqual(Array.from({ length: 100 }, (_, n) => String(n)));
    expect(own.all).toEqual([]);
  });

  test("carries messages of 16 MiB", async () => {
    const [one, other] = [await open(), await open()];
    const far = collector<Uint8Array>();
    other.subscribe("test.long", (octets) => far.take(new Uint8Array(octets)));
    await other.flush();
    const long = new Uint8Array(16 * 1024 * 1024).fill(7);
    long.set([1, 2, 3], 5_000_000);
    one.publish("test.long", long);
    one.publish("test.long", utf8("short"));
    const [first, second] = await far.until(2);
    expect(Buffer.compare(first as Uint8Array, long)).toBe(0);
    expect(second).toEqual(utf8("short"));
  });

  test("tells what the table has, then each change, to all in one order", async () => {
    const [one, other] = [await open(), await open()];
    await one.put("test1.a", utf8("1"));
    await one.put("test1.b.c", utf8("1"));
    await one.put("test11.a", utf8("other"));
    const [near, far] = [collector<TableChange>(), collector<TableChange>()];
    const stops = [await one.watch("test1", near.take), await other.watch("test1", far.take)];
    await far.until(2);
    await other.put("test1.a", utf8("2"));
    await one.remove("test1.b.c");
    const seen = ({ key, value, isCurrent }: TableChange) => [
      key,
      value && new TextDecoder().decode(value),
      isCurrent,
    ];
    const changes = (await far.until(4)).map(seen);
    expect(changes.slice(0, 2)).toEqual([
      ["test1.a", "1", false],
      ["test1.b.c", "1", true],
    ]);
    expect(changes.slice(2).map((one) => one.slice(0, 2))).toEqual([
      ["test1.a", "2"],
      ["test1.b.c", undefined],
    ]);
    expect(await near.until(4)).toEqual(far.all);
    for (const stop of stops) stop();
  });

  test("puts and removes values by their revisions", async () => {
    const [one, other] = [await open(), await open()];
    const first = await one.put("test2.a", utf8("1"), { revision: 0 });
    expect(other.put("test2.a", utf8("2"), { revision: 0 })).rejects.toThrow(RevisionMismatch);
    const second = await other.put("test2.a", utf8("2"), { revision: first });
    expect(one.put("test2.a", utf8("3"), { revision: first })).rejects.toThrow(RevisionMismatch);
    expect(one.remove("test2.a", first)).rejects.toThrow(RevisionMismatch);
    await one.remove("test2.a", second);
    expect(await one.put("test2.a", utf8("4"), { revision: 0 })).toBeGreaterThan(second);
  });
});

describe.skipIf(!hasNats)("NATS", () => {
  test("ends what is put for a time", async () => {
    const engine = await openNats();
    const changes = collector<TableChange>();
    await engine.put("test3.a", utf8("1"), { seconds: 1 });
    await engine.watch("test3", changes.take);
    const [, ended] = await changes.until(2);
    expect(ended).toMatchObject({ key: "test3.a", value: undefined });
  });

  test("goes on after its server was away, with its subscriptions and the table", async () => {
    const [one, other] = [await openNats(), await openNats()];
    const far = collector<string>();
    other.subscribe("test.away", (octets) => far.take(new TextDecoder().decode(octets)));
    await one.put("test4.a", utf8("1"));
    await server?.kill();
    await connected(one, false);
    await connected(other, false);
    expect(() => one.publish("test.away", utf8("lost"))).toThrow("no server");
    expect(one.put("test4.a", utf8("2"))).rejects.toThrow("no server");
    expect(one.flush()).rejects.toThrow("no server");
    server = await startNats(folder, port);
    await connected(one);
    await connected(other);
    await other.flush();
    one.publish("test.away", utf8("there"));
    expect(await far.until(1)).toEqual(["there"]);
    const changes = collector<TableChange>();
    await other.watch("test4", changes.take);
    expect((await changes.until(1))[0]?.value).toEqual(utf8("1"));
  });

  test.each([
    ["tls", { tls: { handshake_first: false } }],
    ["tls://", { servers: [`tls://127.0.0.1:${port}`] }],
  ])("uses no server without TLS where the configuration has %s", async (_, changes) => {
    const reasons = collector<unknown>();
    const log = { ...quiet, warn: (_: string, fields?: object) => reasons.take(fields) };
    const engine = new NatsEngine({ ...clusterConfig, servers, ...changes }, "test", log);
    opened.push(engine);
    const [first] = await reasons.until(1);
    expect(first).toMatchObject({ reason: "server does not support 'tls'" });
    expect(engine.isConnected).toBe(false);
  });

  test("shows its server a token, and is refused without it", async () => {
    const [own, tokenPort] = [temporaryFolder(), freePort()];
    const guarded = await startNats(own, tokenPort, 'authorization { token: "secret1" }');
    const at = { servers: [`nats://127.0.0.1:${tokenPort}`] };
    const reasons = collector<string>();
    const log = { ...quiet, warn: (event: string) => reasons.take(event) };
    const refused = new NatsEngine({ ...clusterConfig, ...at }, "test", log);
    opened.push(refused);
    expect(await reasons.until(1)).toContain("cluster failed");
    expect(refused.isConnected).toBe(false);
    const engine = await openNats({ ...at, login: { kind: "token", secret: "secret1" } });
    expect(engine.isConnected).toBe(true);
    await engine.close();
    await refused.close();
    await guarded.kill();
  });
});

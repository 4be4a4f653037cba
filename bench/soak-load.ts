/**
 * The load of the soak: clients that come and go, bursts, readers that stall, long messages, pages, reloads, and a router
 * that is killed. Each kind is repeated until the load stops; a round may fail, because a router is killed under it.
 *
 * @module
 */

import type { SerializerName } from "#wamp/serializer-name.ts";
import { PollClient } from "../test/support/longpoll-client.ts";
import { ScriptedClient } from "../test/support/scripted-client.ts";
import type { SoakAddresses, SoakNode } from "./soak-node.ts";

const REALMS = ["realm1", "realm2"] as const;
const SERIALIZERS: readonly SerializerName[] = ["json", "msgpack", "cbor"];
const ROLES = { caller: {}, callee: {}, publisher: {}, subscriber: {} };
const PROCEDURE = "com.example.echo";

const CALLS_OF_VISIT = 5;
const CALLS_OF_BURST = 200;
const SUBSCRIBERS = 20;
const EVENTS_OF_BURST = 200;
const LONG_TEXT = "x".repeat(3_000_000);
const STALLED_EVENT = "x".repeat(200_000);
const STALLED_EVENTS = 40;

/** A round that takes longer hangs. */
const ROUND_MS = 60_000;

/** How often each kind of load has been done, has failed, and has hung. */
export interface Rounds {
  done: number;
  failed: number;
  hung: number;
}

/** What is done to one node. */
export class SoakLoad {
  readonly rounds = new Map<string, Rounds>();
  readonly #to: SoakAddresses;
  readonly #loops: Promise<void>[] = [];
  readonly #callees = new Set<ScriptedClient>();
  #calleeLoops: Promise<void>[] = [];
  #isEnding = false;

  /** Begins. */
  constructor(node: SoakNode) {
    this.#to = node.addresses;
    this.#calleeLoops = REALMS.map((realm) => this.#serve(realm));
    for (const realm of REALMS) {
      for (const serializer of SERIALIZERS) {
        this.#repeat("visits", 30, (round) => this.#visit(serializer, realm, round));
      }
      this.#repeat("long-poll visits", 200, (round) => this.#pollingVisit(realm, round));
      this.#repeat("bursts of calls", 1_000, () => this.#callBurst(realm));
      this.#repeat("bursts of events", 2_000, () => this.#eventBurst(realm));
      this.#repeat("long messages", 2_000, (round) => this.#longMessage(realm, round));
      this.#repeat("stalled readers", 3_000, (round) => this.#stalledReader(realm, round));
    }
    this.#repeat("pages", 20, (round) => this.#page(round));
    this.#repeat("reloads", 15_000, () => this.#reload());
    this.#repeat("router kills", 20_000, async () => node.killRouter());
  }

  /** Resolves when all rounds that have begun are over. */
  async stop(): Promise<void> {
    this.#isEnding = true;
    await Promise.all(this.#loops);
    for (const callee of this.#callees) callee.socket.destroy();
    await Promise.all(this.#calleeLoops);
  }

  #repeat(kind: string, pauseMs: number, round: (number: number) => Promise<void>): void {
    const rounds = this.rounds.get(kind) ?? { done: 0, failed: 0, hung: 0 };
    this.rounds.set(kind, rounds);
    const loop = async () => {
      for (let number = 0; !this.#isEnding; number++) {
        const outcome = round(number).then(
          () => "done" as const,
          () => "failed" as const,
        );
        rounds[await Promise.race([outcome, late()])] += 1;
        // Short pauses notice the end soon.
        const until = performance.now() + pauseMs * 2 * Math.random();
        while (!this.#isEnding && performance.now() < until)
          await Bun.sleep(Math.min(pauseMs, 100));
      }
    };
    this.#loops.push(loop());
  }

  /** Keeps a callee in the realm, also when its router was killed. */
  async #serve(realm: string): Promise<void> {
    while (!this.#isEnding) {
      try {
        const callee = await join(this.#to.webSocket, "json", realm);
        this.#callees.add(callee);
        callee.says([64, 1, {}, PROCEDURE]);
        for (;;) {
          const [type, id, , , args] = await nextOf(callee);
          if (type === 68) callee.says([70, id, {}, args]);
        }
      } catch {
        await Bun.sleep(50);
      }
    }
  }

  /** Joins, calls, and leaves, or is gone without a word. */
  async #visit(serializer: SerializerName, realm: string, round: number): Promise<void> {
    const url = round % 3 === 0 ? this.#to.rawSocket : this.#to.webSocket;
    const client = await join(url, serializer, realm);
    await call(client, CALLS_OF_VISIT, "short");
    if (round % 2 === 0) client.reset();
    else await leave(client);
  }

  async #pollingVisit(realm: string, round: number): Promise<void> {
    const client = await PollClient.open(this.#to.port);
    const [type] = await client.join(realm);
    if (type !== 2) throw new Error("not joined");
    await client.says([48, 1, {}, PROCEDURE, ["short"]]);
    await client.next();
    if (round % 2 === 0) await client.post("close");
  }

  async #callBurst(realm: string): Promise<void> {
    const client = await join(this.#to.webSocket, "msgpack", realm);
    await call(client, CALLS_OF_BURST, "short");
    await leave(client);
  }

  async #eventBurst(realm: string): Promise<void> {
    const subscribe = async (_: unknown, index: number) => {
      const serializer = SERIALIZERS[index % SERIALIZERS.length] ?? "json";
      const client = await join(this.#to.webSocket, serializer, realm);
      client.says([32, 1, {}, "com.example.burst"]);
      await expectType(client, 33);
      return client;
    };
    const subscribers = await Promise.all(Array.from({ length: SUBSCRIBERS }, subscribe));
    const publisher = await join(this.#to.webSocket, "cbor", realm);
    const events = Array.from({ length: EVENTS_OF_BURST }, (_, index) => [
      16,
      index + 1,
      {},
      "com.example.burst",
      ["short"],
    ]);
    publisher.says(...events);
    await Promise.all(
      subscribers.map(async (client) => {
        for (let count = 0; count < EVENTS_OF_BURST; count++) await expectType(client, 36);
        await leave(client);
      }),
    );
    await leave(publisher);
  }

  /** Calls with a long text, or is gone in the middle of one. */
  async #longMessage(realm: string, round: number): Promise<void> {
    const client = await join(this.#to.webSocket, "json", realm);
    if (round % 3 === 2) {
      const frame = client.frameOf(
        Buffer.from(JSON.stringify([48, 1, {}, PROCEDURE, [LONG_TEXT]])),
      );
      client.socket.write(frame.subarray(0, frame.length / 2));
      await Bun.sleep(50);
      client.reset();
      return;
    }
    await call(client, 1, LONG_TEXT);
    await leave(client);
  }

  /** A subscriber that does not read until it is cut off, or gone. */
  async #stalledReader(realm: string, round: number): Promise<void> {
    const topic = `com.example.stalled.${round % 4}`;
    const reader = await join(this.#to.webSocket, "json", realm);
    reader.says([32, 1, {}, topic]);
    await expectType(reader, 33);
    reader.socket.pause();
    const publisher = await join(this.#to.rawSocket, "cbor", realm);
    for (let count = 1; count <= STALLED_EVENTS; count++) {
      publisher.says([16, count, { acknowledge: true }, topic, [STALLED_EVENT]]);
      await expectType(publisher, 17);
    }
    await leave(publisher);
    if (round % 2 === 0) await Bun.sleep(3_000);
    reader.reset();
  }

  /** A page, whole or left in the middle. */
  async #page(round: number): Promise<void> {
    const paths = ["/value", "/info", "/info?format=json", "/long.txt", "/missing"];
    const url = `${this.#to.page}${paths[round % paths.length]}`;
    const { body } = await fetch(url, { keepalive: false });
    if (round % 4 === 0) await body?.cancel();
    else await new Response(body).arrayBuffer();
  }

  async #reload(): Promise<void> {
    const { ok } = await fetch(`${this.#to.admin}/reload?force=true`, { method: "POST" });
    if (!ok) throw new Error("not reloaded");
  }
}

async function late(): Promise<"hung"> {
  await Bun.sleep(ROUND_MS);
  return "hung";
}

async function join(url: string, serializer: SerializerName, realm: string) {
  const client = await ScriptedClient.open(url, serializer);
  client.says([1, realm, { roles: ROLES }]);
  await expectType(client, 2);
  return client;
}

async function nextOf(client: ScriptedClient): Promise<unknown[]> {
  const message = await client.next();
  if (message === undefined) throw new Error("the connection is over");
  return message;
}

async function expectType(client: ScriptedClient, type: number): Promise<void> {
  const [found] = await nextOf(client);
  if (found === type) return;
  client.reset();
  throw new Error(`got message type ${found}`);
}

async function call(client: ScriptedClient, times: number, text: string): Promise<void> {
  const calls = Array.from({ length: times }, (_, index) => [48, index + 1, {}, PROCEDURE, [text]]);
  client.says(...calls);
  for (let count = 0; count < times; count++) await expectType(client, 50);
}

async function leave(client: ScriptedClient): Promise<void> {
  client.says([6, {}, "wamp.close.normal"]);
  await expectType(client, 6);
  client.socket.end();
  await client.closed;
}

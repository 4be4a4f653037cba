/** What docs/router.md promises, tried by real clients on the built binary with the configuration that stands there. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AutobahnSession, Connection } from "autobahn";
import { Wampy } from "wampy";
import { CborSerializer } from "wampy/CborSerializer.js";
import { afterTest } from "../support/cleanups.ts";
import { blocksOf } from "../support/documents.ts";
import { openEvents } from "../support/event-source.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import { hasPython, joinPython } from "../support/wamp-clients.ts";
import { wampSocket } from "../support/wamp-socket.ts";

const port = freePort();
const url = `ws://127.0.0.1:${port}/ws`;
const [documented] = blocksOf("docs/router.md").filter(({ language }) => language === "json");
const configuration = JSON.parse((documented?.text ?? "").replaceAll("8080", String(port)));
configuration.workers[0].realms[0].options.default_call_timeout = 200;
configuration.workers[0].realms[0].options.event_dispatching_chunk_size = 2;
const [template] = blocksOf("docs/router.md").filter(({ place }) => place !== null);
configuration.workers[0].realms.push({ ...JSON.parse(template?.text ?? ""), max_realms: 2 });

/** Joins with Autobahn for JavaScript. */
async function joinAutobahn(): Promise<{ session: AutobahnSession; connection: Connection }> {
  const connection = new Connection({ url, realm: "realm1", max_retries: 0 });
  const session = await new Promise<AutobahnSession>((joined, failed) => {
    connection.onopen = joined;
    connection.onclose = (reason) => {
      failed(new Error(reason));
      return true;
    };
    connection.open();
  });
  afterTest(() => {
    if (session.isOpen) connection.close();
  });
  return { session, connection };
}

async function joinWampy() {
  const wampy = new Wampy(url, {
    realm: "realm1",
    serializer: new CborSerializer(),
    ws: WebSocket,
    autoReconnect: false,
  });
  await wampy.connect();
  afterTest(() => wampy.disconnect().catch(() => {}));
  return wampy;
}

/** The next item of what a client was called back with. */
function inbox<T>() {
  const items: T[] = [];
  let wake = () => {};
  return {
    put(item: T) {
      items.push(item);
      wake();
    },
    async next(): Promise<T> {
      while (items.length === 0) {
        const more = Promise.withResolvers<void>();
        wake = more.resolve;
        await more.promise;
      }
      return items.shift() as T;
    },
  };
}

describe("on the embedded router", () => {
  let node: TemporaryNode;
  beforeAll(async () => {
    node = await startNode(temporaryFolder({ "node.json": configuration }));
  }, 30_000);
  afterAll(() => node?.stop());

  test("a call that is not answered ends", async () => {
    const [{ session: callee }, { session: caller }] = [await joinAutobahn(), await joinAutobahn()];
    await callee.register("com.example.never", () => new Promise(() => {}));
    const failed = await caller.call("com.example.never").then(
      () => "a result",
      (error: { error: string }) => error.error,
    );
    expect(failed).toBe("wamp.error.timeout");
    const wampy = await joinWampy();
    const refused = await wampy.call("com.example.never").catch((error: unknown) => error);
    expect(refused).toMatchObject({ errorUri: "wamp.error.timeout" });
  });

  test("the events that are kept are got by clients that come later", async () => {
    const { session: publisher } = await joinAutobahn();
    for (const value of [1, 2]) {
      await publisher.publish("com.example.news", [value], {}, { acknowledge: true });
    }
    const wampy = await joinWampy();
    const { subscriptionId } = await wampy.subscribe("com.example.news", () => {});
    const { argsList } = await wampy.call("wamp.subscription.get_events", [subscriptionId, 10]);
    const [events] = argsList as [{ topic: string; args: unknown[] }[]];
    expect(events.map(({ topic, args }) => [topic, args])).toEqual([
      ["com.example.news", [2]],
      ["com.example.news", [1]],
    ]);
  });

  test("an event stream gets what it has missed", async () => {
    const { session: publisher } = await joinAutobahn();
    await publisher.publish("com.example.alerts.a", ["missed"], {}, { acknowledge: true });
    const events = await openEvents(`http://127.0.0.1:${port}/events?prefix=com.example.alerts.`, {
      "Last-Event-ID": "0",
    });
    expect(await events.next()).toMatchObject({ topic: "com.example.alerts.a", args: ["missed"] });
    events.close();
  });

  test.skipIf(!hasPython)("a client of Autobahn for Python reads the meta API", async () => {
    const { session } = await joinAutobahn();
    const { id } = await session.register("com.example.listed", () => 1);
    const python = await joinPython(url, "cbor");
    expect(await python.call("wamp.registration.lookup", ["com.example.listed"])).toBe(id);
    await python.leave();
  });

  test("an event with more subscribers than a chunk has comes to all of them, before later ones", async () => {
    const subscribers = await Promise.all(Array.from({ length: 5 }, joinAutobahn));
    const got = subscribers.map(() => inbox<unknown>());
    for (const [index, { session }] of subscribers.entries()) {
      await session.subscribe("com.example.many", ([value]) => got[index]?.put(value));
    }
    const { session: publisher } = await joinAutobahn();
    const wampy = await joinWampy();
    const values = Array.from({ length: 20 }, (_, index) => index);
    for (const value of values) {
      // Autobahn does not wait for the answer, so that these wait in the router.
      publisher.publish("com.example.many", [value], {}, {});
      if (value % 5 === 0) await wampy.publish("com.example.many", [`wampy ${value}`]);
    }
    for (const events of got) {
      const all: unknown[] = [];
      while (all.length < 24) all.push(await events.next());
      expect(all.filter((value) => typeof value === "number")).toEqual(values);
      expect(all.filter((value) => typeof value !== "number")).toHaveLength(4);
    }
  });

  test("a retained event is sent to a later subscriber", async () => {
    const { session: publisher } = await joinAutobahn();
    await publisher.publish("com.example.state", ["on"], {}, { acknowledge: true, retain: true });
    const { session: later } = await joinAutobahn();
    const got = inbox<unknown>();
    await later.subscribe("com.example.state", (args) => got.put(args), { get_retained: true });
    expect(await got.next()).toEqual(["on"]);
  });

  test("a testament is published when a client is lost", async () => {
    const { session: heir } = await joinAutobahn();
    const got = inbox<unknown>();
    await heir.subscribe("com.example.last", (args) => got.put(args));
    const socket = new WebSocket(url, ["wamp.2.json"]);
    socket.onopen = () => socket.send('[1,"realm1",{"roles":{"caller":{}}}]');
    socket.onmessage = ({ data }) => {
      const [type] = JSON.parse(String(data));
      const testament = '[48,1,{},"wamp.session.add_testament",["com.example.last",["bye"],{}]]';
      if (type === 2) socket.send(testament);
      else socket.terminate();
    };
    expect(await got.next()).toEqual(["bye"]);
  });

  test("a session that another one ends learns the reason", async () => {
    const { session, connection } = await joinAutobahn();
    const closed = Promise.withResolvers<unknown>();
    connection.onclose = (_, details) => {
      closed.resolve(details?.reason);
      return true;
    };
    const wampy = await joinWampy();
    const argsDict = { reason: "com.example.reason" };
    await wampy.call("wamp.session.kill", { argsList: [session.id], argsDict });
    expect(await closed.promise).toBe("com.example.reason");
  });

  test("clients open realms, which know nothing of each other, up to the limit", async () => {
    const [first, alike, other] = [
      await wampSocket(url),
      await wampSocket(url),
      await wampSocket(url),
    ];
    const topic = "com.example.topic";
    for (const [client, realm] of [
      [first, "com.example.one"],
      [alike, "com.example.one"],
      [other, "com.example.two"],
    ] as const) {
      client.says([1, realm, { roles: { publisher: {}, subscriber: {} } }]);
      expect((await client.next())[0]).toBe(2);
      client.says([32, 1, {}, topic]);
      expect((await client.next())[0]).toBe(33);
    }
    first.says([16, 2, { acknowledge: true }, topic, ["hello"]]);
    expect((await alike.next())[4]).toEqual(["hello"]);
    other.says([16, 2, { acknowledge: true, exclude_me: false }, topic, ["own"]]);
    expect([(await other.next())[0], (await other.next())[4]]).toEqual([17, ["own"]]);
    const third = await wampSocket(url);
    third.says([1, "com.example.three", { roles: { publisher: {} } }]);
    expect((await third.next())[2]).toBe("wamp.error.no_such_realm");
  });

  test("a call in several messages reaches one callee, and its results come back", async () => {
    const callee = await wampSocket(url);
    const features = { progressive_call_invocations: true, call_canceling: true };
    callee.says([1, "realm1", { roles: { callee: { features } } }]);
    await callee.next();
    callee.says([64, 1, {}, "com.example.sum"]);
    await callee.next();
    const caller = await joinWampy();
    const { result, sendData } = caller.progressiveCall("com.example.sum", [1]);
    sendData([2], { progress: true });
    sendData([3], { progress: false });
    const messages = [await callee.next(), await callee.next(), await callee.next()];
    expect(messages.map(([type, id, , details, args]) => [type, id, details, args])).toEqual([
      [68, 1, { progress: true }, [1]],
      [68, 1, { progress: true }, [2]],
      [68, 1, {}, [3]],
    ]);
    callee.says([70, 1, {}, [6]]);
    expect((await result).argsList).toEqual([6]);
  });
});

/** Events for those that come later: retained ones, and event history. */

import { describe, expect, test } from "bun:test";
import type { RoleConfig } from "#config/realm/realm-config.ts";
import { EventHistory } from "#router/event-history.ts";
import { keptPublication } from "#router/publication.ts";
import { ReceiverRules } from "#router/receiver-rules.ts";
import type { PublishRequest } from "#router/requests.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { quiet } from "../../support/quiet-context.ts";
import { ask, everything, type JoinedPeer, openRouter } from "../../support/router-harness.ts";

const roles: RoleConfig[] = [
  { name: "anonymous", permissions: [everything] },
  {
    name: "reader",
    permissions: [
      { ...everything, uri: "a.", allow: { ...everything.allow, subscribe: false } },
      { ...everything, uri: "a.open." },
      { ...everything, uri: "wamp." },
    ],
  },
];

const publish = (peer: JoinedPeer, topic: string, value: unknown, options: object = {}) =>
  ask(peer, [M.PUBLISH, 9, { acknowledge: true, ...options }, topic, [value]]);

const subscribe = async (peer: JoinedPeer, topic: string, options: object = {}) => {
  peer.says([M.SUBSCRIBE, 3, options, topic]);
  const [[type, , id] = [], ...events] = peer.take();
  expect(type).toBe(M.SUBSCRIBED);
  return { id: id as number, events };
};

describe("a retained event", () => {
  const retain = { retain: true };
  const retained = { get_retained: true };

  test("is sent to later subscribers that ask for it, the last one of the topic", async () => {
    const { join } = openRouter(roles);
    const [publisher, later] = [await join(), await join({ serializer: "cbor" })];
    await publish(publisher, "a.b", "old", retain);
    const [, , publication] = await publish(publisher, "a.b", "new", retain);
    await publish(publisher, "a.b", "passing");
    const { id, events } = await subscribe(later, "a.b", retained);
    expect(events).toEqual([[M.EVENT, id, publication, { retained: true }, ["new"]]]);
    expect((await subscribe(await join(), "a.b")).events).toEqual([]);
  });

  test("of each topic that a pattern matches is sent, with its topic", async () => {
    const { join } = openRouter(roles);
    const publisher = await join();
    for (const topic of ["a.b", "a.c", "b.a"]) await publish(publisher, topic, topic, retain);
    for (const [uri, match] of [
      ["a.", "prefix"],
      ["a.", "wildcard"],
    ]) {
      const { events } = await subscribe(await join(), uri ?? "", { match, ...retained });
      expect(events.map(([, , , details, args]) => [details, args])).toEqual([
        [{ retained: true, topic: "a.b" }, ["a.b"]],
        [{ retained: true, topic: "a.c" }, ["a.c"]],
      ]);
    }
  });

  test("is sent to those alone for which it was published, and which may subscribe to its topic", async () => {
    const { join } = openRouter(roles);
    const publisher = await join();
    await publish(publisher, "a.open.x", 1, { ...retain, eligible_authrole: ["reader"] });
    await publish(publisher, "a.shut.x", 2, retain);
    const options = { match: "wildcard", ...retained };
    const eventsOf = async (role: string, uri: string) => {
      const { events } = await subscribe(await join({ role }), uri, options);
      return events.map(([, , , , args]) => args);
    };
    expect(await eventsOf("anonymous", "a..x")).toEqual([[2]]);
    expect(await eventsOf("reader", "a.open.")).toEqual([[1]]);
  });

  test("names its publisher where that is disclosed", async () => {
    const { join } = openRouter(roles);
    const publisher = await join();
    await publish(publisher, "a.b", 1, { ...retain, disclose_me: true });
    const { events } = await subscribe(await join(), "a.b", retained);
    expect(events[0]?.[3]).toMatchObject({ publisher: publisher.id, retained: true });
  });

  test("is refused once too many topics have one", async () => {
    const { join } = openRouter(roles);
    const publisher = await join();
    for (let topic = 0; topic < 10_000; topic++) {
      publisher.says([M.PUBLISH, 1, retain, `t.${topic}`]);
    }
    expect((await publish(publisher, "a.b", 1, retain))[4]).toBe("wamp.error.unavailable");
    expect((await publish(publisher, "t.5", 1, retain))[0]).toBe(M.PUBLISHED);
  });
});

describe("event history", () => {
  const history = [
    { uri: "a.b", match: "exact" as const, limit: 3 },
    { uri: "a.", match: "prefix" as const, limit: 100 },
  ];
  const realm = () => openRouter(roles, quiet, { history });

  const getEvents = async (peer: JoinedPeer, args: unknown[], kwargs: object = {}) =>
    ask(peer, [M.CALL, 4, {}, "wamp.subscription.get_events", args, kwargs]);
  const eventsOf = async (peer: JoinedPeer, args: unknown[], kwargs: object = {}) => {
    const [type, , , [events] = []] = (await getEvents(peer, args, kwargs)) as [
      number,
      number,
      object,
      Record<string, unknown>[][]?,
    ];
    expect(type).toBe(M.RESULT);
    return events ?? [];
  };
  const firstArgs = (events: Record<string, unknown>[]) =>
    events.map(({ args }) => (args as unknown[])[0]);

  test("has the last events, the newest first, without any subscriber", async () => {
    const { join } = realm();
    const [publisher, later] = [await join(), await join({ serializer: "msgpack" })];
    const publications = [];
    for (const value of [1, 2, 3, 4])
      publications.push((await publish(publisher, "a.b", value))[2]);
    const { id } = await subscribe(later, "a.b");
    const events = await eventsOf(later, [id, 10]);
    expect(firstArgs(events)).toEqual([4, 3, 2]);
    expect(events[0]).toMatchObject({
      publication: publications[3],
      subscription: id,
      topic: "a.b",
      session_id: null,
      details: {},
      kwargs: null,
    });
    expect(firstArgs(await eventsOf(later, [id, 1]))).toEqual([4]);
  });

  test("is asked for by conditions of the specification", async () => {
    const { join } = realm();
    const peer = await join();
    const publications: unknown[] = [];
    for (const topic of ["a.b", "a.c", "a.b", "a.c"]) {
      publications.push((await publish(peer, topic, publications.length))[2]);
    }
    const { id } = await subscribe(peer, "a.", { match: "prefix" });
    const [first, second, third] = publications;
    const rows: [object, number[]][] = [
      [{ reverse: false }, [0, 1, 2, 3]],
      [{ reverse: true, limit: 2 }, [3, 2]],
      [{ topic: "a.c" }, [3, 1]],
      [{ from_publication: third }, [3, 2]],
      [{ after_publication: third }, [3]],
      [{ before_publication: second }, [0]],
      [{ until_publication: second, after_publication: first }, [1]],
      [{ from_time: "2200-01-01T00:00:00Z" }, []],
      [{ after_time: "2000-01-01T00:00:00Z", before_time: "2200-01-01T00:00:00Z" }, [3, 2, 1, 0]],
      [{ until_time: "2000-01-01T00:00:00Z" }, []],
    ];
    for (const [kwargs, expected] of rows) {
      expect(firstArgs(await eventsOf(peer, [id], kwargs))).toEqual(expected);
    }
    expect((await getEvents(peer, [id], { from_time: "soon" }))[4]).toBe(
      "wamp.error.invalid_argument",
    );
  });

  test("keeps payloads octet by octet, and converts them for those with another serializer", async () => {
    const { join } = realm();
    const [json, cbor] = [await join(), await join({ serializer: "cbor" })];
    json.saysOctets('[16,1,{},"a.b",[9007199254740993,1.0],{"k":"\\u00003q0="}]');
    const { id } = await subscribe(json, "a.b");
    await getEvents(json, [id]);
    expect(json.wire.at(-1)).toContain(
      '"args":[9007199254740993,1.0],"kwargs":{"k":"\\u00003q0="}',
    );
    const [event] = await eventsOf(cbor, [id]);
    expect([event?.["args"], event?.["kwargs"]]).toEqual([
      [9007199254740993n, 1],
      { k: new Uint8Array([0xde, 0xad]) },
    ]);
  });

  test("leaves out what a caller would not be sent, and events for certain sessions", async () => {
    const { join } = realm();
    const [publisher, reader] = [await join(), await join({ role: "reader" })];
    await publish(publisher, "a.open.x", 1);
    await publish(publisher, "a.shut.x", 2);
    await publish(publisher, "a.open.x", 3, { exclude_authrole: ["reader"] });
    await publish(publisher, "a.open.x", 4, { eligible: [reader.id] });
    const { id } = await subscribe(publisher, "a.", { match: "prefix" });
    expect(firstArgs(await eventsOf(publisher, [id]))).toEqual([3, 2, 1]);
    expect(firstArgs(await eventsOf(reader, [id]))).toEqual([1]);
  });

  test("is unavailable for other subscriptions, and none is found for other ids", async () => {
    const { join } = realm();
    const peer = await join();
    const { id } = await subscribe(peer, "b.c");
    expect((await getEvents(peer, [id]))[4]).toBe("wamp.error.history_unavailable");
    expect((await getEvents(peer, [id + 1]))[4]).toBe("wamp.error.no_such_subscription");
    expect((await getEvents(peer, ["x"]))[4]).toBe("wamp.error.invalid_argument");
  });

  test("counts the lists of receivers and the details of an event, too", () => {
    const payload = { serializer: "json" as const, items: [] };
    const octetsOf = (options: PublishRequest["options"], details = {}) => {
      const own = { id: 1, topic: "x", details, payload, excluded: undefined };
      return keptPublication({ ...own, rules: ReceiverRules.of(options) }).octets;
    };
    expect(octetsOf({})).toBe(1);
    expect(octetsOf({}, { ppt_scheme: "x".repeat(99) })).toBe(100);
    expect(octetsOf({ eligible: [1, 2], exclude: [3] })).toBeGreaterThan(3 * 32);
    expect(octetsOf({ exclude_authid: ["x".repeat(99)] })).toBeGreaterThan(100);
    expect(octetsOf({ eligible_authrole: ["x".repeat(99)] })).toBeGreaterThan(100);
  });

  test("forgets the oldest events beyond its octets", () => {
    const events = new EventHistory(10, 100);
    for (const id of [1, 2, 3]) {
      const payload = { serializer: "json" as const, items: [] };
      events.add({ id, topic: "x", details: {}, payload, rules: undefined, octets: 50 }, 0n);
    }
    expect([...events.events()].map(({ publication }) => publication.id)).toEqual([2, 3]);
  });
});

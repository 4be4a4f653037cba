import { describe, expect, test } from "bun:test";
import { EventTurns } from "#transport/endpoint/event-turns.ts";
import {
  PersistentConnection,
  type PersistentConnectionOptions,
  type ReadNextRequest,
} from "#transport/http/persistent-connection.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

/**
 * A connection whose requests wait to be answered; `events` is what each was told, in order. A turn always has
 * time left, unless other turns are given.
 */
function connection(turns = new EventTurns(() => 0)) {
  const socket = new ScriptedSocket();
  const events: string[] = [];
  const waiting: ReadNextRequest[] = [];
  let ended = 0;
  const answering = (name: string) => ({
    received: (chunk: Uint8Array) => void events.push(`${name} received ${Buffer.from(chunk)}`),
    drained: () => void events.push(`${name} drained`),
    ended: () => void events.push(`${name} ended`),
    closed: () => void events.push(`${name} closed`),
  });
  const options: PersistentConnectionOptions = {
    socket,
    take(head, readNextRequest) {
      const taken = head.request();
      const name = typeof taken === "string" ? "" : taken.url.pathname;
      events.push(name);
      waiting.push(readNextRequest);
      return answering(name);
    },
    takeFaulty(fault) {
      events.push(fault);
      return answering(fault);
    },
    onEnd: () => void ended++,
  };
  const made = new PersistentConnection(options, turns);
  made.begin((readNextRequest) => {
    waiting.push(readNextRequest);
    return answering("first");
  });
  /** The present request is answered; gives what the client sent behind it to the connection. */
  const answer = async (rest = "") => {
    waiting.shift()?.(Buffer.from(rest));
    await Promise.resolve();
  };
  return {
    connection: made,
    socket,
    events,
    answer,
    receive: (text: string) => made.received(Buffer.from(text)),
    onEnds: () => ended,
  };
}

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

describe("a persistent connection", () => {
  test("hands what comes to the request that is being answered", async () => {
    const { connection: one, events, receive, answer } = connection();
    receive("body");
    one.drained();
    expect(events.splice(0)).toEqual(["first received body", "first drained"]);
    await answer();
    receive(request("/a"));
    receive("more");
    expect(events).toEqual(["/a", "/a received more"]);
  });

  test("takes the next request in pieces, and only once the last is answered", async () => {
    const { events, receive, answer } = connection();
    await answer("GET /a HT");
    receive("TP/1.1\r\nHost: a\r\n\r");
    expect(events).toEqual([]);
    receive("\n");
    expect(events.splice(0)).toEqual(["/a"]);
    await answer(request("/b") + request("/c"));
    expect(events).toEqual(["/b"]);
  });

  test("takes many requests of one read without nesting", async () => {
    const socket = new ScriptedSocket();
    const ignore = { received() {}, drained() {}, ended() {}, closed() {} };
    let taken = 0;
    const over = Promise.withResolvers<void>();
    const one = new PersistentConnection({
      socket,
      take(head, readNextRequest) {
        taken += 1;
        if (head.octetsAfterHead.length === 0) over.resolve();
        else readNextRequest(head.octetsAfterHead);
        return ignore;
      },
      takeFaulty: () => ignore,
      onEnd() {},
    });
    one.begin((readNextRequest) => {
      readNextRequest(Buffer.from(request("/").repeat(2000)));
      return ignore;
    });
    await over.promise;
    expect(taken).toBe(2000);
  });

  test("lets other connections have their turn between many requests of one read", async () => {
    const socket = new ScriptedSocket();
    const ignore = { received() {}, drained() {}, ended() {}, closed() {} };
    let taken = 0;
    const over = Promise.withResolvers<void>();
    const one = new PersistentConnection({
      socket,
      take(head, readNextRequest) {
        taken += 1;
        for (const end = performance.now() + 1; performance.now() < end; );
        if (head.octetsAfterHead.length === 0) over.resolve();
        else readNextRequest(Buffer.from(head.octetsAfterHead));
        return ignore;
      },
      takeFaulty: () => ignore,
      onEnd() {},
    });
    one.begin((readNextRequest) => {
      readNextRequest(Buffer.from(request("/").repeat(100)));
      return ignore;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(taken).toBeLessThan(50);
    // What comes in between is not lost.
    one.received(Buffer.from(request("/last")));
    one.ended();
    await over.promise;
    expect(taken).toBe(101);
    expect(socket.done.slice(0, 2)).toEqual(["pause", "resume"]);
  });

  test("hands octets that are no request to the answer for those", async () => {
    const { events, receive, answer } = connection();
    await answer();
    receive("nonsense\r\n\r\n");
    receive("more");
    expect(events).toEqual(["malformed line", "malformed line received more"]);
  });
});

describe("the end of a persistent connection", () => {
  test("comes after 75 seconds without a further request, and by force a second later", async () => {
    const pass = fakeTime();
    const { socket, answer } = connection();
    await answer();
    pass(74_999);
    expect(socket.done).toEqual([]);
    pass(1);
    expect(socket.done).toEqual(["end"]);
    pass(1000);
    expect(socket.done).toEqual(["end", "terminate"]);
  });

  test("lets no later request in, because its answer would be lost", async () => {
    const { connection: one, socket, events, receive, answer } = connection();
    await answer();
    one.end();
    receive(request("/a"));
    expect([events, socket.done]).toEqual([[], ["end"]]);
  });

  test("comes 75 seconds after the last answer, whenever the first one was", async () => {
    const pass = fakeTime();
    const { socket, receive, answer } = connection();
    await answer();
    for (const answerMs of [0, 0, 40_000, 1000]) {
      pass(50_000);
      receive(request("/"));
      pass(answerMs);
      await answer();
    }
    pass(74_999);
    expect(socket.done).toEqual([]);
    pass(1);
    expect(socket.done).toEqual(["end"]);
  });

  test("comes 75 seconds after an answer, though a part of the next request has come", async () => {
    const pass = fakeTime();
    const { socket, receive, answer } = connection();
    await answer();
    pass(60_000);
    receive("GET / HT");
    pass(15_000);
    expect(socket.done).toEqual(["end"]);
  });

  test("does not come while the next request waits for its turn", async () => {
    const pass = fakeTime();
    let now = 0;
    let nextTurn = () => {};
    const turns = new EventTurns(
      () => now,
      (begin) => {
        nextTurn = begin;
      },
    );
    const { socket, events, receive, answer } = connection(turns);
    await answer();
    receive(request("/a"));
    turns.hasTime();
    now = 11;
    await answer(request("/b"));
    pass(75_000);
    nextTurn();
    expect([events, socket.done]).toEqual([
      ["/a", "/b"],
      ["pause", "resume"],
    ]);
  });

  test("does not come while a request is answered, however long that takes", async () => {
    const pass = fakeTime();
    const { connection: one, socket, receive, answer } = connection();
    await answer();
    receive(request("/slow"));
    pass(1_000_000);
    one.end();
    expect(socket.done).toEqual([]);
  });

  test("is passed to the request that is being answered, and comes after its answer", async () => {
    const { connection: one, socket, events, answer } = connection();
    one.ended();
    expect([events, socket.done]).toEqual([["first ended"], []]);
    await answer();
    expect(socket.done).toEqual(["end"]);
    one.closed(undefined);
  });

  test("comes behind all requests of a client that has ended its side", async () => {
    const { connection: one, socket, events, answer } = connection();
    one.ended();
    await answer(request("/last"));
    expect([events, socket.done]).toEqual([["first ended", "/last", "/last ended"], []]);
    await answer();
    expect(socket.done).toEqual(["end"]);
    one.closed(undefined);
  });

  test("comes at once when the client ends its side between requests", async () => {
    const { connection: one, socket, answer } = connection();
    await answer();
    one.ended();
    expect(socket.done).toEqual(["end"]);
    one.closed(undefined);
  });

  test("of a connection that is closed is reported once, and nothing comes behind it", async () => {
    const pass = fakeTime();
    const { connection: one, socket, events, answer, onEnds } = connection();
    one.closed(undefined);
    await answer(request("/late"));
    one.end();
    pass(1_000_000);
    expect([events, socket.done, onEnds()]).toEqual([["first closed"], [], 1]);
  });
});

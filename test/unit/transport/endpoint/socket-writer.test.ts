import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { messageMemory } from "#base/message-memory.ts";
import { giveOctets, shareOctets } from "#base/octet-ownership.ts";
import { outgoingMemory } from "#base/outgoing-memory.ts";
import { SocketWriter } from "#transport/endpoint/socket-writer.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";
import { turnEnd } from "../../../support/turn-end.ts";

/** A writer before a socket that takes so many octets. */
function writer({
  takes = Number.POSITIVE_INFINITY,
  maxBuffered = 2 ** 20,
  maxOutgoing = undefined as number | undefined,
} = {}) {
  const socket = new ScriptedSocket();
  socket.takes = takes;
  let drains = 0;
  const overflows: number[] = [];
  const observer = {
    onQueueDrained: () => void drains++,
    onQueueOverflow(octets: number) {
      overflows.push(octets);
      all.onOverflow();
    },
  };
  const made = new SocketWriter(socket, maxBuffered, observer, maxOutgoing);
  const write = (text: string) => made.write(Buffer.from(text, "latin1"));
  /** The socket takes so many octets more, and reports that it is writable. */
  const drain = (octets: number) => {
    socket.takes = octets;
    made.drained();
  };
  const all = {
    writer: made,
    socket,
    write,
    drain,
    drains: () => drains,
    overflows,
    onOverflow() {},
  };
  return all;
}

describe("a part of a long message", () => {
  test("is written at once, behind what was gathered", async () => {
    const { writer: one, write, socket } = writer();
    const part = Buffer.alloc(100_000, "p");
    expect(one.writePart(part)).toBe(true);
    expect(socket.text).toBe(part.toString());
    write("a");
    expect(one.writePart(Buffer.from("b"))).toBe(true);
    expect(one.writePart(part)).toBe(true);
    await turnEnd();
    expect(socket.text).toBe(`${part}ab${part}`);
  });

  test("has the next one wait where more than 64 KiB wait", () => {
    const { writer: one, socket, drain, drains } = writer({ takes: 1000 });
    expect(one.writePart(Buffer.alloc(1000 + 65_536, "p"))).toBe(true);
    expect(one.writePart(Buffer.from("q"))).toBe(false);
    expect([one.bufferedOctets, drains()]).toEqual([65_537, 0]);
    drain(1);
    expect(drains()).toBe(1);
    drain(Number.POSITIVE_INFINITY);
    expect([socket.text.length, one.bufferedOctets, drains()]).toEqual([66_537, 0, 1]);
  });

  test("has the next one wait where more than max_buffered waits", () => {
    const { writer: one } = writer({ takes: 0, maxBuffered: 10 });
    expect(one.writePart(Buffer.from("12345678901"))).toBe(true);
    one.flush();
    expect(one.writePart(Buffer.from("1"))).toBe(false);
  });
});

describe("what is written in one turn", () => {
  test("goes out in one write, behind the turn", async () => {
    const { write, socket } = writer();
    expect([write("ab"), write("cd")]).toEqual([true, true]);
    expect(socket.writes).toEqual([]);
    await turnEnd();
    expect(socket.writes).toEqual(["abcd"]);
  });

  test("goes out at once when it is flushed", async () => {
    const [one, other] = [writer(), writer()];
    one.write("a");
    other.write("b");
    one.writer.flush();
    expect([one.socket.writes, other.socket.writes]).toEqual([["a"], []]);
    one.write("c");
    await turnEnd();
    expect([one.socket.writes, other.socket.writes]).toEqual([["a", "c"], ["b"]]);
  });

  test("goes out in one write for each connection, whatever comes between", async () => {
    const [one, other] = [writer(), writer()];
    for (const text of ["a", "b", "c"]) {
      one.write(text);
      other.writer.writeFrame(Buffer.from("<"), 1, Buffer.from(text));
    }
    one.write("d");
    expect([one.writer.bufferedOctets, other.writer.bufferedOctets]).toEqual([4, 6]);
    await turnEnd();
    expect([one.socket.writes, other.socket.writes]).toEqual([["abcd"], ["<a<b<c"]]);
    expect([one.writer.bufferedOctets, other.writer.bufferedOctets]).toEqual([0, 0]);
  });

  test("goes out for all connections where 64 KiB are gathered, or too many pieces", async () => {
    const [one, other] = [writer(), writer()];
    one.write("a");
    other.write("x".repeat(65_535));
    expect(one.socket.writes).toEqual([]);
    other.write("y");
    expect([one.socket.text, other.socket.text.length]).toEqual(["a", 65_536]);
    let sent = 0;
    for (; one.socket.writes.length === 1; sent++) (sent % 2 === 0 ? one : other).write("z");
    expect(sent).toBe(1025);
    await turnEnd();
    expect([one.socket.text.length, other.socket.text.length]).toEqual([1 + 513, 65_536 + 512]);
  });

  test("goes out to the others when one is given up at that, also what others are sent for it", async () => {
    const [before, given, behind, other] = [
      writer(),
      writer({ takes: 0, maxOutgoing: 10 }),
      writer(),
      writer(),
    ];
    const long = "x".repeat(65_000);
    given.onOverflow = () => {
      for (const text of ["gone", long, long]) other.write(text);
      before.write("c");
    };
    for (const [one, text] of [
      [before, "a"],
      [given, "abc"],
      [before, "b"],
      [behind, "kept"],
    ] as const)
      one.write(text);
    await turnEnd();
    await turnEnd();
    expect([before.socket.text, behind.socket.writes]).toEqual(["abc", ["kept"]]);
    expect([given.overflows, given.socket.done]).toEqual([[3], ["terminate"]]);
    expect(other.socket.text).toBe(`gone${long}${long}`);
  });

  test("is copied, as octets are borrowed", async () => {
    const { writer: one, socket } = writer({ takes: 1 });
    for (const length of [2, 100_000]) {
      const octets = Buffer.alloc(length, "x");
      one.write(octets);
      octets.fill("y");
    }
    socket.takes = Number.POSITIVE_INFINITY;
    await turnEnd();
    one.drained();
    expect(socket.text).toBe("x".repeat(100_002));
  });

  test("is kept without a copy where it was given, and its memory is given back once it is written", () => {
    const { writer: one, socket, drain } = writer({ takes: 70_000 });
    const octets = giveOctets(Buffer.alloc(300_000, "x"));
    one.writeFrame(Buffer.from("h"), 1, octets);
    octets.fill("y", 100_000);
    drain(Number.POSITIVE_INFINITY);
    expect(socket.text).toBe(`h${"x".repeat(100_000)}${"y".repeat(200_000)}`);
    expect(octets.length).toBe(0);
  });

  test("that was given is written in a later turn beyond the first 64 KiB, so that others come between", async () => {
    const { writer: one, socket, drains } = writer();
    expect(one.write(giveOctets(Buffer.alloc(2_000_000, "x")))).toBe(false);
    expect([socket.text.length, one.bufferedOctets]).toEqual([65_536, 1_934_464]);
    await socket.until(({ text }) => text.length === 2_000_000);
    expect([one.bufferedOctets, drains()]).toEqual([0, 1]);
  });

  test("that waits for its turn when the connection is over is dropped", async () => {
    const { writer: one, socket } = writer();
    one.write(giveOctets(Buffer.alloc(300_000, "x")));
    one.end();
    one.drop();
    await turnEnd();
    expect([socket.text.length, socket.done]).toEqual([65_536, []]);
  });

  test("is kept by several writers at once where it is shared", () => {
    const octets = shareOctets(Buffer.alloc(300_000, "x"));
    const writers = [writer({ takes: 0 }), writer({ takes: 0 })];
    for (const { writer: one } of writers) one.write(octets);
    octets.fill("y", 200_000);
    for (const { drain, socket } of writers) {
      drain(Number.POSITIVE_INFINITY);
      expect(socket.text).toBe(`${"x".repeat(200_000)}${"y".repeat(100_000)}`);
    }
  });

  test("that is longer than the buffer goes out at once, without a small write before it", () => {
    const { write, socket } = writer();
    write("head");
    write("x".repeat(100_000));
    expect(socket.writes.map(({ length }) => length)).toEqual([65_536, 34_468]);
    expect(socket.text).toBe(`head${"x".repeat(100_000)}`);
  });
});

describe("frames", () => {
  test("are a header of so many octets, and the payload behind it", async () => {
    const { writer: one, socket } = writer();
    one.writeFrame(Buffer.from("headers"), 4, Buffer.from("+payload"));
    one.writeFrame(Buffer.from("h"), 1, Buffer.from("p"));
    await turnEnd();
    expect(socket.writes).toEqual(["head+payloadhp"]);
  });

  test("stay in order behind what is queued", async () => {
    const { writer: one, socket, write, drain } = writer({ takes: 1 });
    write("abc");
    one.flush();
    one.writeFrame(Buffer.from("H"), 1, Buffer.from("P"));
    await turnEnd();
    expect(socket.text).toBe("a");
    drain(100);
    expect(socket.text).toBe("abcHP");
  });

  test("that do not fit into the buffer go out all the same", async () => {
    const { writer: one, socket } = writer();
    const long = "x".repeat(65_000);
    one.writeFrame(Buffer.from("1"), 1, Buffer.from(long));
    one.writeFrame(Buffer.from("2"), 1, Buffer.from(long));
    await turnEnd();
    expect(socket.text).toBe(`1${long}2${long}`);
  });
});

describe("a side that does not take everything", () => {
  test("is behind beyond maxBuffered, and has caught up at a quarter of it, once", () => {
    const { writer: one, write, drain, drains } = writer({ takes: 0, maxBuffered: 8 });
    const sent = ["12345678", "9"].map((text) => {
      const isTaken = write(text);
      one.flush();
      return isTaken && one.bufferedOctets;
    });
    expect(sent).toEqual([8, false]);
    expect(one.bufferedOctets).toBe(9);
    drain(6);
    expect([one.bufferedOctets, drains()]).toEqual([3, 0]);
    drain(1);
    expect([one.bufferedOctets, drains()]).toEqual([2, 1]);
    drain(2);
    expect([one.bufferedOctets, drains()]).toEqual([0, 1]);
  });

  test("has its octets counted before they are written", () => {
    const { writer: one, write } = writer();
    write("abc");
    expect(one.bufferedOctets).toBe(3);
    one.flush();
    expect(one.bufferedOctets).toBe(0);
  });

  test("gets everything in order, however it takes it", () => {
    const step = fc.oneof(
      fc.record({ write: fc.integer({ min: 1, max: 200_000 }) }),
      fc.record({ drain: fc.integer({ min: 0, max: 200_000 }) }),
      fc.constant({ flush: true }),
    );
    const numbers = Array.from({ length: 700_000 }, (_, index) => `${index}`).join(" ");
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), fc.nat(100_000), (steps, takes) => {
        const { writer: one, socket, write, drain } = writer({ takes });
        let sent = "";
        for (const next of steps) {
          if ("write" in next) {
            const text = numbers.slice(sent.length, sent.length + next.write);
            sent += text;
            write(text);
          } else if ("drain" in next) drain(next.drain);
          else one.flush();
        }
        one.flush();
        drain(Number.POSITIVE_INFINITY);
        expect(socket.text === sent).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test("is cut off once 32 MiB and twice maxBuffered wait, and nothing is kept of it", async () => {
    const { writer: one, socket, overflows } = writer({ takes: 0 });
    const octets = Buffer.alloc(2 ** 20);
    for (let sent = 0; sent <= 34; sent++) expect(one.write(octets)).toBe(sent === 0);
    expect([one.bufferedOctets, socket.done.length]).toEqual([35 * 2 ** 20, 0]);
    expect(one.write(octets)).toBe(true);
    expect(one.bufferedOctets).toBe(0);
    await turnEnd();
    expect(socket.done).toEqual(["terminate"]);
    expect(overflows).toEqual([35 * 2 ** 20]);
  });
});

describe("what waits", () => {
  const held = () => [messageMemory(), outgoingMemory.octets] as const;

  test.each([
    ["a client counts as outgoing memory", 2 ** 30, [0, 131_072]],
    ["a router counts as memory of the messages of clients", undefined, [131_072, 0]],
  ] as const)("for %s, until it is written or dropped", (_, maxOutgoing, counted) => {
    const before = held();
    const more = () => held().map((octets, index) => octets - (before[index] ?? 0));
    const made = () => writer({ takes: 0, maxOutgoing });
    const [written, dropped] = [made(), made()];
    written.write("x".repeat(100_000));
    expect(more()).toEqual([...counted]);
    dropped.write("x".repeat(100_000));
    expect(more()).toEqual(counted.map((octets) => 2 * octets));
    written.drain(100_000);
    dropped.writer.drop();
    expect(more()).toEqual([0, 0]);
  });

  test("for a client is too much from 64 KiB on while the memory for all clients is scarce", () => {
    const { writer: one, drains, drain } = writer({ takes: 0, maxOutgoing: 2 ** 30 });
    const write = (octets: number) => one.write(Buffer.alloc(octets));
    expect(write(70_000)).toBe(true);
    outgoingMemory.reserve(2 ** 30);
    expect(write(1)).toBe(false);
    outgoingMemory.reserve(-(2 ** 30));
    expect(write(1)).toBe(true);
    drain(Number.POSITIVE_INFINITY);
    expect(drains()).toBe(1);
  });
});

describe("a connection that the system has given up", () => {
  test.each([1, 100_000])("is cut off behind the write of %d octets", async (octets) => {
    const { writer: one, write, socket } = writer({ takes: -1 });
    write("x".repeat(octets));
    one.flush();
    expect(socket.done).toEqual([]);
    expect(write("more")).toBe(true);
    await turnEnd();
    expect([socket.done, socket.writes]).toEqual([["terminate"], []]);
  });

  test("is cut off when its queue is written", async () => {
    const { write, drain, socket, writer: one } = writer({ takes: 0 });
    write("abc");
    one.flush();
    drain(-1);
    await turnEnd();
    expect([socket.done, one.bufferedOctets]).toEqual([["terminate"], 0]);
  });
});

describe("the end", () => {
  test("shuts down behind what was written, once; later octets are dropped", async () => {
    const { writer: one, write, socket } = writer();
    write("last");
    one.end();
    one.end();
    expect([socket.writes, socket.done]).toEqual([["last"], ["shutdown"]]);
    expect([write("late"), one.writeFrame(Buffer.of(0), 1, Buffer.of(0))]).toEqual([true, true]);
    await turnEnd();
    expect(socket.text).toBe("last");
    one.drop();
  });

  test("waits for what is queued", () => {
    const { writer: one, write, drain, socket, drains } = writer({ takes: 0, maxBuffered: 1 });
    write("abc");
    one.end();
    drain(2);
    expect(socket.done).toEqual([]);
    drain(1);
    expect([socket.text, socket.done, drains()]).toEqual(["abc", ["shutdown"], 0]);
    one.drop();
  });

  test("cuts off after a second, unless the connection is over before", () => {
    const pass = fakeTime();
    const [slow, over] = [writer({ takes: 0 }), writer()];
    slow.write("abc");
    slow.writer.end();
    over.writer.end();
    over.writer.drop();
    pass(999);
    expect(slow.socket.done).toEqual([]);
    pass(1);
    expect([slow.socket.done, over.socket.done]).toEqual([["terminate"], ["shutdown"]]);
  });

  test("leaves what the system has taken to it, when the other side does not close", () => {
    const pass = fakeTime();
    const { writer: one, write, socket } = writer();
    write("last");
    one.end();
    pass(1000);
    expect([socket.text, socket.done]).toEqual(["last", ["shutdown", "shutdown", "end"]]);
    one.drop();
  });

  test("waits for a slow reader as long as it takes something, ten seconds at most", () => {
    const pass = fakeTime();
    const { writer: one, write, drain, socket } = writer({ takes: 0 });
    write("x".repeat(20));
    one.end();
    for (let second = 1; second < 10; second++) {
      drain(1);
      pass(1000);
      expect(socket.done).toEqual([]);
    }
    drain(1);
    pass(1000);
    expect(socket.done).toEqual(["terminate"]);
    one.drop();
  });

  test("of a connection that is over writes nothing more", async () => {
    const { writer: one, write, socket } = writer();
    write("gathered");
    one.drop();
    one.end();
    expect(write("late")).toBe(true);
    await turnEnd();
    expect([socket.writes, socket.done, one.bufferedOctets]).toEqual([[], [], 0]);
  });
});

describe("the end of a connection whose other side sends nothing more", () => {
  test("closes it at once, behind what was written", async () => {
    const { writer: one, write, socket } = writer();
    write("last");
    one.endIdle();
    expect([socket.writes, socket.done]).toEqual([["last"], ["end"]]);
    one.endIdle();
    one.end();
    expect([write("late"), socket.done]).toEqual([true, ["end"]]);
    await turnEnd();
    expect(socket.text).toBe("last");
    one.drop();
  });

  test("waits for what is queued", () => {
    const { writer: one, write, drain, socket } = writer({ takes: 1 });
    write("abc");
    one.endIdle();
    expect(socket.done).toEqual([]);
    drain(2);
    expect([socket.text, socket.done]).toEqual(["abc", ["shutdown"]]);
    one.drop();
  });

  test("is finished after a second, where the socket waits for the other side", () => {
    const pass = fakeTime();
    const [waiting, closed] = [writer(), writer()];
    waiting.writer.endIdle();
    closed.socket.end = () => closed.writer.drop();
    closed.writer.endIdle();
    pass(1000);
    expect(waiting.socket.done).toEqual(["end", "shutdown", "end"]);
    expect(closed.socket.done).toEqual([]);
    waiting.writer.drop();
  });

  test("of a connection that the system gives up does nothing more", async () => {
    const { writer: one, write, socket } = writer({ takes: -1 });
    write("abc");
    one.endIdle();
    await turnEnd();
    expect(socket.done).toEqual(["terminate"]);
  });
});

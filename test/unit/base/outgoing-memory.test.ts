import { describe, expect, test } from "bun:test";
import { shareOctets } from "#base/octet-ownership.ts";
import { OutgoingMemory, type WaitingWriter } from "#base/outgoing-memory.ts";
import { fakeTime } from "../../support/fake-time.ts";

const LIMIT = 1000;

/** The memory of a worker, and writers of it that keep octets; given up are their names, in order. */
function memory() {
  const pass = fakeTime();
  let now = 100;
  const of = new OutgoingMemory(() => now);
  const givenUp: string[] = [];
  const writer = (name: string) => {
    const kept: Uint8Array[] = [];
    const releaseAll = () => {
      for (const octets of kept.splice(0)) of.release(made, octets);
      of.leave(made);
    };
    const made = {
      maxOutgoing: LIMIT,
      takenAt: now,
      giveUp() {
        givenUp.push(name);
        releaseAll();
      },
      keep(octets: number | Uint8Array) {
        const block = typeof octets === "number" ? new Uint8Array(octets) : octets;
        kept.push(block);
        of.hold(made as WaitingWriter, block);
      },
      takes() {
        made.takenAt = now;
      },
      releaseAll,
    };
    return made;
  };
  /** So many milliseconds pass. */
  const after = (ms: number) => {
    now += ms;
    pass(ms);
  };
  /** A long message that may begin, or waits. */
  const begun: string[] = [];
  const message = (name: string, octets = 500) => {
    const made = { octets, maxOutgoing: LIMIT, begin: () => void begun.push(name) };
    if (of.mayBegin(made)) begun.push(name);
    return made;
  };
  return { of, writer, givenUp, after, message, begun };
}

describe("what waits for all clients", () => {
  test("is what their writers keep, until they have written it", () => {
    const { of, writer } = memory();
    const [one, other] = [writer("one"), writer("other")];
    one.keep(300);
    other.keep(200);
    expect(of.octets).toBe(500);
    one.releaseAll();
    expect(of.octets).toBe(200);
  });

  test("counts once what is shared", () => {
    const { of, writer, givenUp } = memory();
    const event = shareOctets(new Uint8Array(200_000));
    const writers = [writer("one"), writer("other")].map((made) => ({ ...made, made }));
    for (const { made } of writers) {
      made.maxOutgoing = 300_000;
      made.keep(event);
    }
    expect([of.octets, givenUp]).toEqual([200_000, []]);
    writers[0]?.releaseAll();
    expect(of.octets).toBe(200_000);
    writers[1]?.releaseAll();
    expect(of.octets).toBe(0);
  });

  test("ends beyond the limit those that hold the most, and no more than are needed", () => {
    const { of, writer, givenUp } = memory();
    writer("small").keep(200);
    writer("large").keep(500);
    writer("middle").keep(250);
    expect(givenUp).toEqual([]);
    writer("last").keep(51);
    expect(givenUp).toEqual(["large"]);
    expect(of.octets).toBe(501);
  });

  test("ends before others those that have taken nothing for five seconds", () => {
    const { writer, givenUp, after } = memory();
    const [large, idle] = [writer("large"), writer("idle")];
    large.keep(600);
    idle.keep(300);
    after(5000);
    large.takes();
    writer("last").keep(101);
    expect(givenUp).toEqual(["idle"]);
  });
});

describe("a long message", () => {
  test("begins while three quarters of the limit are not held, and then counts itself", () => {
    const { of, writer, message, begun } = memory();
    writer("one").keep(750);
    message("first");
    message("second");
    expect([of.octets, begun]).toEqual([1250, ["first"]]);
  });

  test("begins when there is room, in the order of those that wait", () => {
    const { of, writer, message, begun } = memory();
    const one = writer("one");
    one.keep(751);
    for (const name of ["first", "second", "third"]) message(name);
    expect(begun).toEqual([]);
    one.releaseAll();
    expect(begun).toEqual(["first", "second"]);
    of.reserve(-500);
    expect(begun).toEqual(["first", "second", "third"]);
  });

  test("that is not wanted any more lets the next one begin", () => {
    const { of, message, begun } = memory();
    message("first", 751);
    const second = message("second");
    message("third", 100);
    of.cancel(second);
    of.reserve(-751);
    expect([begun, of.octets]).toEqual([["first", "third"], 100]);
  });

  test("that waits ends clients that take nothing, as many as are needed", () => {
    const { writer, message, begun, givenUp, after } = memory();
    const [reading, idle, small] = [writer("reading"), writer("idle"), writer("small")];
    reading.keep(500);
    idle.keep(250);
    small.keep(10);
    message("first");
    for (let second = 0; second < 4; second++) {
      after(1000);
      reading.takes();
    }
    expect(givenUp).toEqual([]);
    after(1000);
    expect([givenUp, begun]).toEqual([["idle"], ["first"]]);
    after(10_000);
    expect(givenUp).toEqual(["idle"]);
  });
});

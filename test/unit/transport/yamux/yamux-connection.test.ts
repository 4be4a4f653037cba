/** Streams of yamux over one connection: what is written, what the other side's frames do, and the windows. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import { YamuxConnection } from "#transport/yamux/yamux-connection.ts";
import type { YamuxStream } from "#transport/yamux/yamux-stream.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

const WINDOW = 256 * 1024;

/** Keeps what happens to one stream, in order. */
class Receiver implements ConnectionEvents {
  readonly events: string[] = [];
  text = "";

  received(chunk: Uint8Array): void {
    this.text += Buffer.from(chunk).toString("latin1");
  }
  drained(): void {
    this.events.push("drained");
  }
  ended(): void {
    this.events.push("ended");
  }
  closed(): void {
    this.events.push("closed");
  }
}

const octets = (text: string) => Buffer.from(text, "latin1");
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex");

/** The next turns of the event loop, in which frames are written. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A side that opens streams. */
function opening() {
  const socket = new ScriptedSocket();
  const reasons: string[] = [];
  const connection = new YamuxConnection(socket, { onClosed: (reason) => reasons.push(reason) });
  const open = () => {
    const receiver = new Receiver();
    const stream = connection.open();
    stream.attach(receiver);
    return { stream, receiver };
  };
  return { socket, connection, open, reasons };
}

/** A side that accepts streams. */
function accepting() {
  const socket = new ScriptedSocket();
  const accepted: { stream: YamuxStream; receiver: Receiver }[] = [];
  const failed: string[] = [];
  const reasons: string[] = [];
  const connection = new YamuxConnection(socket, {
    accept(stream) {
      const receiver = new Receiver();
      accepted.push({ stream, receiver });
      return receiver;
    },
    onStreamFailed: (error) => failed.push(error),
    onClosed: (reason) => reasons.push(reason),
  });
  return { socket, connection, accepted, failed, reasons };
}

const written = (socket: ScriptedSocket) => octets(socket.text).toString("hex");

describe("the side that opens streams", () => {
  test("begins each with SYN, and writes the frames of one turn at once", async () => {
    const { socket, open } = opening();
    const [one, two] = [open().stream, open().stream];
    expect([one.write(octets("hi")), two.write(octets("you")), one.write(octets("!"))]).toEqual([
      2, 3, 1,
    ]);
    expect(socket.writes).toEqual([]);
    await turns();
    expect(socket.writes).toHaveLength(1);
    expect(written(socket)).toBe(
      "000000010000000100000002" + // data, SYN, stream 1, 2 octets
        "6869" +
        "000000010000000300000003" +
        "796f75" +
        "000000000000000100000001" +
        "21",
    );
  });

  test("ends its side with FIN, and is closed when the other side ends too", async () => {
    const { socket, connection, open } = opening();
    const { stream, receiver } = open();
    stream.write(octets("a"));
    stream.shutdown();
    expect(stream.write(octets("b"))).toBe(-1);
    await turns();
    expect(written(socket)).toEndWith("000000040000000100000000");
    connection.received(hex("00 00 0006 00000001 00000002 6f6b"));
    await turns();
    expect(receiver.text).toBe("ok");
    expect(receiver.events).toEqual(["ended", "closed"]);
  });

  test("resets a stream that is terminated, and reads over what still arrives on it", async () => {
    const { socket, connection, open } = opening();
    const [one, two] = [open(), open()];
    one.stream.terminate();
    await turns();
    expect(written(socket)).toBe("000000090000000100000000");
    expect(one.receiver.events).toEqual(["closed"]);
    connection.received(hex("00 00 0002 00000001 00000001 78 00 00 0002 00000003 00000001 79"));
    expect([one.receiver.text, two.receiver.text]).toEqual(["", "y"]);
  });

  test("hears of a reset, and of the end of the connection", async () => {
    const { connection, open, reasons } = opening();
    const [one, two] = [open(), open()];
    connection.received(hex("00 01 0008 00000001 00000000"));
    await turns();
    expect([one.receiver.events, two.receiver.events]).toEqual([["closed"], []]);
    connection.closed(undefined);
    await turns();
    expect(two.receiver.events).toEqual(["closed"]);
    expect(reasons).toEqual(["connection closed"]);
    expect(connection.isUsable).toBe(false);
  });

  test("opens no stream after GoAway, and those that are open go on", () => {
    const { connection, open } = opening();
    const { stream, receiver } = open();
    connection.received(hex("00 03 0000 00000000 00000000 00 00 0002 00000001 00000001 61"));
    expect(connection.isUsable).toBe(false);
    expect(receiver.text).toBe("a");
    expect(stream.write(octets("b"))).toBe(1);
  });
});

describe("the side that accepts streams", () => {
  test("takes frames that are cut anywhere", () => {
    const frames = hex("00 00 0001 00000001 00000003 616263 00 00 0001 00000003 00000001 78");
    for (let cut = 1; cut < frames.length; cut++) {
      const { connection, accepted } = accepting();
      connection.received(new Uint8Array(frames.subarray(0, cut)));
      connection.received(new Uint8Array(frames.subarray(cut)));
      expect(accepted.map(({ receiver }) => receiver.text)).toEqual(["abc", "x"]);
    }
  });

  test("answers its first frame with ACK, and a ping with its value", async () => {
    const { socket, connection, accepted } = accepting();
    connection.received(hex("00 00 0001 00000001 00000001 61 00 02 0001 00000000 0000beef"));
    accepted[0]?.stream.write(octets("b"));
    await turns();
    expect(written(socket)).toBe("00020002000000000000beef" + "000000020000000100000001" + "62");
  });

  test("has a paused stream wait without the others", async () => {
    const { connection, accepted } = accepting();
    connection.received(hex("00 00 0001 00000001 00000001 61 00 00 0001 00000003 00000001 78"));
    accepted[0]?.stream.pause();
    connection.received(hex("00 00 0004 00000001 00000001 62 00 00 0000 00000003 00000001 79"));
    expect(accepted.map(({ receiver }) => receiver.text)).toEqual(["a", "xy"]);
    accepted[0]?.stream.resume();
    await turns();
    expect(accepted[0]?.receiver.text).toBe("ab");
    expect(accepted[0]?.receiver.events).toEqual(["ended"]);
  });

  test.each([
    ["FIN", "00 00 0004 00000001 00000001 62", ["ended"]],
    ["a reset", "00 00 0000 00000001 00000001 62 00 01 0008 00000001 00000000", ["closed"]],
  ])(
    "delivers what had arrived before %s, and what follows a resume behind it",
    async (_, frames, events) => {
      const { connection, accepted } = accepting();
      connection.received(hex("00 00 0001 00000001 00000001 61"));
      const { stream, receiver } = accepted[0] as (typeof accepted)[0];
      stream.pause();
      connection.received(hex(frames));
      await turns();
      expect(receiver.text + receiver.events.join("")).toBe("a");
      stream.resume();
      await turns();
      expect([receiver.text, receiver.events]).toEqual(["ab", events]);
    },
  );

  test("keeps the order of what arrives just after a resume", async () => {
    const { connection, accepted } = accepting();
    connection.received(hex("00 00 0001 00000001 00000001 61"));
    accepted[0]?.stream.pause();
    connection.received(hex("00 00 0000 00000001 00000001 62"));
    accepted[0]?.stream.resume();
    connection.received(hex("00 00 0000 00000001 00000001 63"));
    await turns();
    expect(accepted[0]?.receiver.text).toBe("abc");
  });

  test("closes once the streams are over", async () => {
    const { socket, connection, accepted } = accepting();
    connection.received(hex("00 00 0001 00000001 00000001 61"));
    connection.close();
    await turns();
    expect(written(socket)).toBe("000300000000000000000000");
    expect(socket.done).toEqual([]);
    connection.received(hex("00 00 0001 00000003 00000001 61"));
    accepted[0]?.stream.terminate();
    await turns();
    expect(accepted).toHaveLength(1);
    expect(written(socket)).toEndWith("000100080000000300000000" + "0000000a0000000100000000");
    expect(socket.done).toEqual(["end"]);
  });

  test("resets a stream whose receiver throws, and no other", async () => {
    const { connection, accepted, failed } = accepting();
    connection.received(hex("00 00 0001 00000001 00000001 61 00 00 0001 00000003 00000001 78"));
    const receiver = accepted[0]?.receiver as Receiver;
    receiver.received = () => {
      throw new Error("oops");
    };
    connection.received(hex("00 00 0000 00000001 00000001 62 00 00 0000 00000003 00000001 79"));
    await turns();
    expect(failed).toEqual(["oops"]);
    expect(receiver.events).toEqual(["closed"]);
    expect(accepted[1]?.receiver.text).toBe("xy");
  });
});

describe("a violation of the protocol ends the connection", () => {
  test.each([
    ["01 00 0001 00000001 00000000", "version 1 of yamux is not supported"],
    ["00 04 0001 00000001 00000000", "frame type 4 of yamux is unknown"],
    ["00 00 0001 00000001 00000000 00 00 0001 00000001 00000000", "stream 1 cannot be opened"],
  ])("%s", (frames, sentence) => {
    const { socket, connection, reasons } = accepting();
    connection.received(hex(frames));
    expect(written(socket)).toEndWith("000300000000000000000001");
    expect(socket.done).toContain("terminate");
    connection.closed(undefined);
    expect(reasons).toEqual([`protocol violation: ${sentence}`]);
  });

  test("a stream sends more than was granted", () => {
    const { socket, connection, accepted } = accepting();
    connection.received(hex("00 00 0001 00000001 00000000"));
    accepted[0]?.stream.pause();
    connection.received(Buffer.concat([hex("00 00 0000 00000001 00040001"), Buffer.alloc(WINDOW)]));
    expect(socket.done).not.toContain("terminate");
    connection.received(Buffer.alloc(1));
    expect(socket.done).toContain("terminate");
  });
});

describe("two sides", () => {
  test("a stream takes no more than its window while its receiver is paused", async () => {
    const { client, server } = connected();
    const { stream, receiver } = client.open();
    expect(stream.write(octets("a"))).toBe(1);
    await turns();
    const [far] = server.accepted;
    far?.stream.pause();
    const { sent, done } = sendAll(stream, receiver, Buffer.alloc(3 * WINDOW, "x"));
    await turns();
    expect(sent()).toBe(WINDOW - 1);
    const other = client.open();
    expect(other.stream.write(octets("y"))).toBe(1);
    await turns();
    expect(server.accepted[1]?.receiver.text).toBe("y");
    far?.stream.resume();
    await done;
    await turns();
    expect(far?.receiver.text).toBe(`a${"x".repeat(3 * WINDOW)}`);
  });

  test("every octet arrives in order, whatever the sizes and the pace", async () => {
    const sizes = fc.array(fc.nat(300_000), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(sizes, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 5_000, max: 400_000 }),
        async (streams, pace) => {
          const { client, server } = connected(pace);
          const expected = streams.map((parts, index) =>
            parts.map((size, part) => String.fromCharCode(97 + index + part).repeat(size)).join(""),
          );
          const all = expected.map(async (text) => {
            const { stream, receiver } = client.open();
            await sendAll(stream, receiver, octets(text)).done;
            stream.shutdown();
          });
          await Promise.all(all);
          const isOver = () =>
            server.accepted.length === streams.length &&
            server.accepted.every(({ receiver }) => receiver.events.includes("ended"));
          while (!isOver()) await turns();
          expect(server.accepted.map(({ receiver }) => receiver.text)).toEqual(expected);
        },
      ),
      { numRuns: 20 },
    );
  });
});

/** Two connections whose sockets take so many octets a turn and pass them on. */
function connected(pace = Number.POSITIVE_INFINITY) {
  const pipes = [new Pipe(pace), new Pipe(pace)] as const;
  const accepted: { stream: YamuxStream; receiver: Receiver }[] = [];
  const client = new YamuxConnection(pipes[0], {});
  const server = new YamuxConnection(pipes[1], {
    accept(stream) {
      const receiver = new Receiver();
      accepted.push({ stream, receiver });
      return receiver;
    },
  });
  pipes[0].connect(client, server);
  pipes[1].connect(server, client);
  const open = () => {
    const receiver = new Receiver();
    const stream = client.open();
    stream.attach(receiver);
    return { stream, receiver };
  };
  return { client: { open }, server: { accepted } };
}

/** A socket that is read by the other side in the next turn. */
class Pipe implements ConnectionSocket {
  readonly #pace: number;
  #writer: ConnectionEvents | undefined;
  #reader: ConnectionEvents | undefined;
  #waiting = 0;
  #isFull = false;
  #kept: Uint8Array[] = [];

  constructor(pace: number) {
    this.#pace = pace;
  }

  connect(writer: ConnectionEvents, reader: ConnectionEvents): void {
    this.#writer = writer;
    this.#reader = reader;
  }

  write(chunk: Uint8Array, offset = 0, length = chunk.length - offset): number {
    const taken = Math.min(length, this.#pace - this.#waiting);
    this.#isFull ||= taken < length;
    if (taken <= 0) return 0;
    this.#waiting += taken;
    this.#kept.push(new Uint8Array(chunk.subarray(offset, offset + taken)));
    setImmediate(() => this.#pass());
    return taken;
  }

  #pass(): void {
    for (const chunk of this.#kept.splice(0)) this.#reader?.received(chunk);
    this.#waiting = 0;
    const wasFull = this.#isFull;
    this.#isFull = false;
    if (wasFull) this.#writer?.drained();
  }

  shutdown(): void {}
  end(): void {}
  terminate(): void {}
  pause(): void {}
  resume(): void {}
}

/** Sends octets as fast as the stream takes them. */
function sendAll(stream: YamuxStream, receiver: Receiver, all: Uint8Array) {
  const { promise, resolve } = Promise.withResolvers<void>();
  let at = 0;
  const go = () => {
    while (at < all.length) {
      const taken = stream.write(all, at);
      at += taken;
      if (at < all.length && taken === 0) return;
    }
    resolve();
  };
  receiver.drained = go;
  go();
  return { sent: () => at, done: promise };
}

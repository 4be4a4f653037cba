import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { FrameDecoder, type ProtocolFault } from "#transport/websocket/frame-decoder.ts";

const anySize = {
  max_message_size: 2 ** 23,
  max_frame_size: 0,
  max_incomplete: Number.POSITIVE_INFINITY,
};

/** A frame of a client; `head` is the first octet. */
function frame(head: number, payload: Uint8Array, mask = [1, 2, 3, 250]): Buffer {
  const { length } = payload;
  const long = Buffer.alloc(8);
  long.writeBigUInt64BE(BigInt(length));
  let size = [length];
  if (length >= 65536) size = [127, ...long];
  else if (length >= 126) size = [126, length >> 8, length & 255];
  const masked = payload.map((octet, at) => octet ^ (mask[at & 3] as number));
  return Buffer.concat([
    Buffer.from([head, (size[0] as number) | 0x80, ...size.slice(1), ...mask]),
    masked,
  ]);
}

/** The same frame of a server, which has no mask. */
function unmasked(masked: Buffer): Buffer {
  const second = (masked[1] as number) & 127;
  const keyAt = 2 + ({ 126: 2, 127: 8 }[second] ?? 0);
  const payload = masked.subarray(keyAt + 4);
  const plain = payload.map((octet, at) => octet ^ (masked[keyAt + (at & 3)] as number));
  return Buffer.concat([
    masked.subarray(0, 1),
    Buffer.of(second),
    masked.subarray(2, keyAt),
    plain,
  ]);
}

/**
 * What a decoder says of a stream, cut into chunks of these sizes. That of a client halts before the payload of
 * every frame of a message.
 */
function decode(
  stream: Uint8Array,
  sizes: number[],
  limits = anySize,
  role: "server" | "client" = "server",
) {
  const said: string[] = [];
  const taker = {
    role,
    ...(role === "client" && { mayBegin: () => false }),
    codec: null,
    handleMessage: (payload: Uint8Array, isText: boolean) =>
      said.push(`${isText ? "text" : "binary"} ${payload.toHex()}`) > 0,
    handleLongMessage: () => null,
    handleLongMessageEnd: () => true,
    handlePing: (payload: Uint8Array) => said.push(`ping ${payload.toHex()}`) > 0,
    handleInflating() {},
    handlePong: (payload: Uint8Array) => void said.push(`pong ${payload.toHex()}`),
    handleClose: (code: number, reason: string) => void said.push(`close ${code} ${reason}`),
  };
  const decoder = new FrameDecoder(limits, taker);
  let fault: ProtocolFault | null = null;
  for (let at = 0, turn = 0; at < stream.length && fault === null; turn++) {
    const size = sizes[turn % sizes.length] as number;
    let rest = Buffer.from(stream.subarray(at, at + size));
    while (rest.length > 0 && fault === null) {
      fault = decoder.push(rest);
      rest = rest.subarray(decoder.position);
    }
    at += size;
  }
  if (fault !== null) said.push(`fault ${fault.code}`);
  return said;
}

/** How many messages a decoder counts as complete after each of these frames. */
function completedAfter(frames: readonly string[], skipsMessages: boolean): number[] {
  const decoder = new FrameDecoder(anySize, {
    role: "server",
    codec: null,
    handleMessage: () => true,
    handleLongMessage: () => null,
    handleLongMessageEnd: () => true,
    handlePing: () => true,
    handleInflating() {},
    handlePong() {},
    handleClose() {},
  });
  if (skipsMessages) decoder.skipMessages();
  return frames.map((hex) => {
    expect(decoder.push(Buffer.from(hex, "hex"))).toBeNull();
    return decoder.completed;
  });
}

const payload = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.uint8Array({ minLength: 120, maxLength: 300 }),
  fc.uint8Array({ minLength: 65530, maxLength: 65545, size: "max" }),
);
const message = fc.oneof(
  payload.map((octets) => ({ said: `binary ${octets.toHex()}`, frames: [frame(0x82, octets)] })),
  fc.string({ unit: "grapheme", maxLength: 200 }).map((text) => ({
    said: `text ${Buffer.from(text).toString("hex")}`,
    frames: [frame(0x81, Buffer.from(text))],
  })),
  fc.array(fc.uint8Array({ maxLength: 200 }), { minLength: 2, maxLength: 5 }).map((parts) => ({
    said: `binary ${Buffer.concat(parts).toString("hex")}`,
    frames: parts.map((part, index) =>
      frame((index === 0 ? 2 : 0) | (index === parts.length - 1 ? 0x80 : 0), part),
    ),
  })),
  fc
    .tuple(fc.string({ unit: "grapheme", minLength: 4, maxLength: 100 }), fc.nat())
    .map(([text, place]) => {
      const octets = Buffer.from(text);
      const at = place % octets.length;
      return {
        said: `text ${octets.toString("hex")}`,
        frames: [frame(0x01, octets.subarray(0, at)), frame(0x80, octets.subarray(at))],
      };
    }),
  fc
    .uint8Array({ maxLength: 125 })
    .map((octets) => ({ said: `ping ${octets.toHex()}`, frames: [frame(0x89, octets)] })),
);

describe("FrameDecoder", () => {
  test("gives the same messages however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 6 }),
        (messages, sizes) => {
          const stream = Buffer.concat(messages.flatMap(({ frames }) => frames));
          const expected = messages.map(({ said }) => said);
          expect(decode(stream, [2 ** 24])).toEqual(expected);
          expect(decode(stream, sizes)).toEqual(expected);
          if (stream.length < 3000) expect(decode(stream, [1])).toEqual(expected);
          const ofServer = Buffer.concat(messages.flatMap(({ frames }) => frames.map(unmasked)));
          expect(decode(ofServer, [2 ** 24], anySize, "client")).toEqual(expected);
          expect(decode(ofServer, sizes, anySize, "client")).toEqual(expected);
        },
      ),
      { numRuns: 300 },
    );
  });

  const begin = "01810000000041";
  const middle = "00810000000042";
  const end = "80810000000043";
  const ping = "898000000000";
  const pong = "8a810000000041";
  test.each([
    ["a message of one frame", ["818000000000", "82810000000041"], [1, 2]],
    ["a frame in two chunks", ["818200000000", "41", "42"], [0, 0, 1]],
    ["a control frame outside of messages", [ping, pong, "89810000", "000041"], [1, 2, 2, 3]],
    ["control frames amid a message", [begin, ping, middle, pong, end, ping], [0, 0, 0, 0, 1, 2]],
    ["one after an empty begin", ["018000000000", pong, ping, "808000000000"], [0, 0, 0, 1]],
    ["one in two chunks amid a message", [begin, "8a82000000", "0041", "42", end], [0, 0, 0, 0, 1]],
  ])("counts %s, read or skipped", (_what, frames, counts) => {
    expect(completedAfter(frames, false)).toEqual(counts);
    expect(completedAfter(frames, true)).toEqual(counts);
  });

  const text = Buffer.from("Hello");
  test.each([
    ["a reserved bit", frame(0xa1, text), "fault 1002"],
    ["compression that was not agreed", frame(0xc1, text), "fault 1002"],
    ["an unknown opcode", frame(0x83, text), "fault 1002"],
    ["an unknown control opcode", frame(0x8b, text), "fault 1002"],
    ["a fragmented ping", frame(0x09, text), "fault 1002"],
    ["a long ping", frame(0x89, new Uint8Array(126)), "fault 1002"],
    ["a continuation of nothing", frame(0x80, text), "fault 1002"],
    ["a message amid another", Buffer.concat([frame(0x01, text), frame(0x81, text)]), "fault 1002"],
    ["no mask", Buffer.from("810548656c6c6f", "hex"), "fault 1002"],
    ["a needlessly long length", Buffer.from("81fe0005010203fa", "hex"), "fault 1002"],
    ["a length of 2^63", Buffer.from("82ff8000000000000000010203fa", "hex"), "fault 1002"],
    ["half a close code", frame(0x88, Uint8Array.of(3)), "fault 1002"],
    ["the close code 1005", frame(0x88, Uint8Array.of(3, 237)), "fault 1002"],
    ["the close code 999", frame(0x88, Uint8Array.of(3, 231)), "fault 1002"],
    ["a close reason that is no UTF-8", frame(0x88, Uint8Array.of(3, 232, 0xff)), "fault 1007"],
    ["text that is no UTF-8", frame(0x81, Uint8Array.of(0xce, 0xff)), "fault 1007"],
    ["text that ends within a character", frame(0x81, Uint8Array.of(0xce)), "fault 1007"],
    ["a surrogate", frame(0x81, Uint8Array.of(0xed, 0xa0, 0x80)), "fault 1007"],
  ])("refuses %s", (_, stream, fault) => {
    expect(decode(stream, [2 ** 24]).at(-1)).toBe(fault);
    expect(decode(stream, [1]).at(-1)).toBe(fault);
  });

  test("refuses a mask of a server", () => {
    expect(decode(frame(0x81, text), [2 ** 24], anySize, "client")).toEqual(["fault 1002"]);
  });

  test("refuses text as soon as it can be no UTF-8, long before its end", () => {
    const start = frame(0x01, Uint8Array.of(0x41, 0xf4, 0x90));
    expect(decode(start, [1])).toEqual(["fault 1007"]);
    expect(decode(frame(0x81, Buffer.from("f490414141", "hex")).subarray(0, 8), [3])).toEqual([
      "fault 1007",
    ]);
  });

  test("refuses what is too long before it comes", () => {
    const limits = { ...anySize, max_message_size: 5, max_frame_size: 8 };
    expect(decode(frame(0x82, new Uint8Array(9)).subarray(0, 6), [2 ** 24], limits)).toEqual([
      "fault 1009",
    ]);
    const two = Buffer.concat([frame(0x02, new Uint8Array(6)), frame(0x80, new Uint8Array(6))]);
    expect(decode(two, [2 ** 24], limits)).toEqual(["fault 1009"]);
  });

  test("says nothing after a close frame", () => {
    const stream = Buffer.concat([frame(0x88, Buffer.from("03e86f6b", "hex")), frame(0x81, text)]);
    expect(decode(stream, [2 ** 24])).toEqual(["close 1000 ok"]);
    expect(decode(frame(0x88, new Uint8Array(0)), [1])).toEqual(["close 1005 "]);
  });
});

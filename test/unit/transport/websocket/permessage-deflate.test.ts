import { describe, expect, test } from "bun:test";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import type { DeflateOptions } from "#config/options/websocket-config.ts";
import { agreeOnDeflate, DeflateCodec } from "#transport/websocket/permessage-deflate.ts";
import { deflating } from "../../../support/default-options.ts";

const agree = (offer: string | null, options: Partial<DeflateOptions> = {}) =>
  agreeOnDeflate(offer, deflating(options));

describe("agreeOnDeflate", () => {
  test.each<[offer: string, options: Partial<DeflateOptions>, answer: string]>([
    ["permessage-deflate", {}, "permessage-deflate"],
    ["x-webkit, permessage-deflate", {}, "permessage-deflate"],
    ["permessage-deflate; client_max_window_bits", {}, "permessage-deflate"],
    [
      "permessage-deflate",
      { max_window_bits: 10 },
      "permessage-deflate; server_max_window_bits=10",
    ],
    [
      "permessage-deflate; server_max_window_bits=12",
      {},
      "permessage-deflate; server_max_window_bits=12",
    ],
    [
      "permessage-deflate; server_max_window_bits=15",
      {},
      "permessage-deflate; server_max_window_bits=15",
    ],
    [
      'permessage-deflate; server_max_window_bits="11"',
      { max_window_bits: 10 },
      "permessage-deflate; server_max_window_bits=10",
    ],
    [
      "permessage-deflate; server_no_context_takeover",
      {},
      "permessage-deflate; server_no_context_takeover",
    ],
    [
      "permessage-deflate",
      { no_context_takeover: true },
      "permessage-deflate; server_no_context_takeover",
    ],
    [
      "permessage-deflate; client_max_window_bits",
      { request_max_window_bits: 11 },
      "permessage-deflate; client_max_window_bits=11",
    ],
    [
      "permessage-deflate; client_max_window_bits=10",
      { request_max_window_bits: 12 },
      "permessage-deflate; client_max_window_bits=10",
    ],
    [
      "permessage-deflate; client_no_context_takeover",
      {},
      "permessage-deflate; client_no_context_takeover",
    ],
    [
      "permessage-deflate",
      { request_no_context_takeover: true },
      "permessage-deflate; client_no_context_takeover",
    ],
    ["permessage-deflate; server_max_window_bits=8, permessage-deflate", {}, "permessage-deflate"],
  ])("answers %s with %j", (offer, options, answer) => {
    expect(agree(offer, options)?.header).toBe(answer);
  });

  test.each<[offer: string | null, options: Partial<DeflateOptions>]>([
    [null, {}],
    ["", {}],
    ["permessage-bzip2", {}],
    ["permessage-deflate; unknown", {}],
    ["permessage-deflate; server_no_context_takeover=1", {}],
    ["permessage-deflate; server_max_window_bits", {}],
    ["permessage-deflate; server_max_window_bits=7", {}],
    ["permessage-deflate; server_max_window_bits=16", {}],
    ["permessage-deflate; server_max_window_bits=010", {}],
    ["permessage-deflate; client_max_window_bits=1", {}],
    ["permessage-deflate; client_max_window_bits=10; client_max_window_bits=10", {}],
    // zlib has no window of 8 bits, and this client could not read one of 9.
    ["permessage-deflate; server_max_window_bits=8", {}],
    // A client that does not offer to limit its window cannot be asked to.
    ["permessage-deflate", { request_max_window_bits: 11 }],
  ])("declines %j with %j", (offer, options) => {
    expect(agree(offer, options)).toBeNull();
  });
});

/** A codec for what was agreed. */
function codec(offer: string, options: Partial<DeflateOptions> = {}): DeflateCodec {
  const agreement = agree(offer, options);
  if (agreement === null) throw new Error("nothing was agreed");
  return new DeflateCodec(agreement, 8);
}

const bits = (windowBits: number) => ({ windowBits, finishFlush: constants.Z_SYNC_FLUSH });
const noise = Buffer.from(crypto.getRandomValues(new Uint8Array(400)));

describe("DeflateCodec", () => {
  test("makes what any zlib reads, without the four octets that end a block", () => {
    const one = codec("permessage-deflate");
    const deflated = Buffer.from(one.deflate(Buffer.from("Hello")));
    expect(deflated.toString("hex")).toBe("f248cdc9c90700");
    const whole = Buffer.concat([deflated, Buffer.from("0000ffff", "hex")]);
    expect(inflateRawSync(whole, bits(15)).toString()).toBe("Hello");
  });

  test("reads the messages of RFC 7692, section 7.2.3", () => {
    const one = codec("permessage-deflate");
    for (const hex of ["f248cdc9c90700", "f200110000", "f348cdc9c90700"]) {
      const message = one.inflate(Buffer.from(hex, "hex"), 100);
      expect(Buffer.from(message as Uint8Array).toString()).toBe("Hello");
    }
  });

  test("keeps the context between messages, and none where none was agreed", () => {
    const sizes = (offer: string) => {
      const one = codec(offer);
      return [0, 1].map(() => one.deflate(noise).length);
    };
    const [first = 0, second = 0] = sizes("permessage-deflate");
    expect(second).toBeLessThan(first / 4);
    const [alone = 0, again = 0] = sizes("permessage-deflate; server_no_context_takeover");
    expect(again).toBe(alone);
  });

  test("refers to no octet outside of the window", () => {
    const one = codec("permessage-deflate; server_max_window_bits=9");
    one.deflate(noise);
    one.deflate(Buffer.from(crypto.getRandomValues(new Uint8Array(500))));
    expect(one.deflate(noise).length).toBeGreaterThan(noise.length);
  });

  test("reads a client's messages that refer to one another", () => {
    const [sender, reader] = [codec("permessage-deflate"), codec("permessage-deflate")];
    for (let count = 0; count < 3; count++) {
      const message = reader.inflate(sender.deflate(noise), 400);
      expect(Buffer.from(message as Uint8Array).equals(noise)).toBe(true);
    }
  });

  test("gives up a message at its limit", () => {
    const one = codec("permessage-deflate");
    const bomb = deflateRawSync(Buffer.alloc(10_000_000), bits(15)).subarray(0, -4);
    expect(one.inflate(bomb, 1000)).toBe("too long");
    const exact = deflateRawSync(Buffer.alloc(1000), bits(15)).subarray(0, -4);
    expect(codec("permessage-deflate").inflate(exact, 1000)).toHaveLength(1000);
    expect(codec("permessage-deflate").inflate(exact, 999)).toBe("too long");
  });

  test.each(["ff", "07", "f248cdc9c907ff"])("takes %s for malformed", (hex) => {
    expect(codec("permessage-deflate").inflate(Buffer.from(hex, "hex"), 100)).toBe("malformed");
  });

  test("reads an empty message", () => {
    expect(codec("permessage-deflate").inflate(Buffer.from("00", "hex"), 0)).toHaveLength(0);
  });
});

import { describe, expect, test } from "bun:test";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { buildMessage, sliceMessage } from "#wamp/transcode/payload-slice.ts";
import { UnserializedMessage } from "#wamp/transcode/unserialized-message.ts";
import { utf8 } from "../../../support/utf8.ts";

const head = [16, 7, { acknowledge: true, exclude: [1n, 2] }, "a.tö"];
const json = (...items: string[]) => ({ serializer: "json" as const, items: items.map(utf8) });

describe("a message that is not serialized", () => {
  test.each([
    [json()],
    [json("[]")],
    [json('[9007199254740993, 1.0, "\\u0000AAE="]', '{"b":1,"a":[2]}')],
    [{ serializer: "cbor" as const, items: [Buffer.from("8101", "hex")] }],
  ])("has the items that it would have in CBOR, with %j", (payload) => {
    const message = new UnserializedMessage(head, payload, "cbor");
    const slices = sliceMessage(Buffer.from(buildMessage(head, payload, "cbor")), "cbor");
    expect(message.length).toBe(slices.length);
    expect([0, 1, 3].map((at) => message.value(at))).toEqual(
      [0, 1, 3].map((at) => slices.value(at)),
    );
    for (let at = head.length; at <= message.length; at++) {
      expect(Buffer.from(message.octets(at)).toHex()).toBe(Buffer.from(slices.octets(at)).toHex());
    }
  });

  test("refuses what the serializer cannot represent, and says where it is", () => {
    expect(() => new UnserializedMessage(head, json("[1, 1e999]"), "cbor")).toThrow(
      UnrepresentableValue,
    );
    expect(() => new UnserializedMessage(head, json("[1, 1e999]"), "cbor")).toThrow("[4][1]");
  });

  test("has the octets of arguments that are values", () => {
    const error = new UnserializedMessage([8, 48, 1, {}, "a.b", ["no"]], json(), "cbor");
    expect(Buffer.from(error.octets(5)).toHex()).toBe("81626e6f");
    expect(error.octets(6)).toHaveLength(0);
  });

  test("counts the octets of a text, for its limit", () => {
    const message = new UnserializedMessage(head, json("[1]"), "cbor");
    expect([0, 2, 3].map((at) => message.octetCount(at))).toEqual([0, 0, 5]);
  });
});

import { describe, expect, test } from "bun:test";
import { answerUndeliverable } from "#proxy/relay/undeliverable.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { FakePeer } from "../../../support/fake-peer.ts";
import { titled } from "../../../support/titles.ts";
import { utf8 } from "../../../support/utf8.ts";

describe("the ERROR", () => {
  const why = { uri: "wamp.error.payload_size_exceeded", sentence: "too long" };
  const answer = (message: readonly unknown[]) =>
    answerUndeliverable(encodeMessage(message, "cbor"), "cbor", why);

  test("says why, in the words of the peer that waits", () => {
    const error = [8, 48, 7, {}, why.uri, [why.sentence]];
    for (const serializer of ["json", "msgpack", "cbor"] as const) {
      const octets = answer([48, 7, {}, "a"])?.encodeFor(new FakePeer({ serializer }));
      expect(octets).toEqual(encodeMessage(error, serializer));
    }
  });

  test("names the id 0 where it was written as -0", () => {
    const error = answerUndeliverable(utf8('[48,-0,{},"a"]'), "json", why);
    expect(String(error?.encodeFor(new FakePeer({ serializer: "cbor" })).toHex())).toStartWith(
      "8608183000",
    );
  });

  test.each(
    titled([[[48]], [[48, "7"]], [[48, 1.5, {}, "a"]], [[8, "x", 7, {}]], [[36, 1, 2, {}]]]),
  )("is none for %s", (_title, message) => {
    expect(answer(message)).toBeUndefined();
  });
});

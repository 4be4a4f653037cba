import { describe, expect, test } from "bun:test";
import { answerUndeliverable } from "#proxy/relay/undeliverable.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { FakePeer } from "../../../support/fake-peer.ts";
import { titled } from "../../../support/titles.ts";

describe("the ERROR", () => {
  const why = { uri: "wamp.error.payload_size_exceeded", sentence: "too long" };
  const answer = (message: readonly unknown[]) =>
    answerUndeliverable(encodeMessage(message, "cbor", false), "cbor", why);

  test("says why, in the words of the peer that waits", () => {
    const error = [8, 48, 7, {}, why.uri, [why.sentence]];
    expect(answer([48, 7, {}, "a"])?.encodeFor(new FakePeer())).toBe(JSON.stringify(error));
    for (const serializer of ["json", "msgpack", "cbor"] as const) {
      const octets = answer([48, 7, {}, "a"])?.encodeFor(
        new FakePeer({ serializer, isText: false }),
      );
      expect(octets as Uint8Array).toEqual(encodeMessage(error, serializer, false) as Uint8Array);
    }
  });

  test("names the id 0 where it was written as -0", () => {
    const error = answerUndeliverable('[48,-0,{},"a"]', "json", why);
    expect(error?.encodeFor(new FakePeer())).toStartWith("[8,48,0,");
  });

  test.each(
    titled([[[48]], [[48, "7"]], [[48, 1.5, {}, "a"]], [[8, "x", 7, {}]], [[36, 1, 2, {}]]]),
  )("is none for %s", (_title, message) => {
    expect(answer(message)).toBeUndefined();
  });
});

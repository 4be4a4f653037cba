/** Messages of any nesting, between all serializers. */

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { SERIALIZER_NAMES, type SerializerName } from "#wamp/serializer-name.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { transcoderFor } from "#wamp/transcode/transcoder.ts";
import { afterTest } from "../support/cleanups.ts";
import { ScriptedClient } from "../support/scripted-client.ts";
import { sessionHarness } from "../support/session-harness.ts";

const LIMIT = 1024;

/** Whether each level below the message itself is a map. */
const levels = fc
  .tuple(fc.integer({ min: 1, max: 1_200 }), fc.infiniteStream(fc.boolean()))
  .map(([depth, kinds]) => [...kinds.take(depth - 1)]);

/** A head, as JSON and in hexadecimal, and these levels below it: each a list of one, or a map. */
function message(
  head: readonly (number | string)[],
  kinds: readonly boolean[],
  to: SerializerName,
) {
  const spelled = head.map((item) => spellings[to](item));
  const count = head.length + (kinds.length > 0 ? 1 : 0);
  if (to === "json") {
    const begins = kinds.map((isMap) => (isMap ? '{"k":' : "["));
    const ends = kinds.map((isMap) => (isMap ? "}" : "]")).reverse();
    const nested = kinds.length > 0 ? [begins.join("") + 1 + ends.join("")] : [];
    return Buffer.from(`[${[...spelled, ...nested].join(",")}]`);
  }
  const [list, map] = to === "cbor" ? [0x80, "a1616b"] : [0x90, "81a16b"];
  const one = (list + 1).toString(16);
  const nested =
    kinds.map((isMap) => (isMap ? map : one)).join("") + (kinds.length > 0 ? "01" : "");
  return Buffer.from((list + count).toString(16) + spelled.join("") + nested, "hex");
}

const hex = (text: string) => Buffer.from(text).toString("hex");

/** A number up to 127, or a short text; "" stands for an empty map of options or details. */
const spellings: Record<SerializerName, (item: number | string) => string> = {
  json: (item) => (item === "" ? "{}" : JSON.stringify(item)),
  msgpack: (item) => {
    if (item === "") return "80";
    if (typeof item === "number") return item.toString(16).padStart(2, "0");
    return (0xa0 + item.length).toString(16) + hex(item);
  },
  cbor: (item) => {
    if (item === "") return "a0";
    if (typeof item === "number")
      return (item < 24 ? "" : "18") + item.toString(16).padStart(2, "0");
    return (0x60 + item.length).toString(16) + hex(item);
  },
};

const PAIRS = SERIALIZER_NAMES.flatMap((from) => SERIALIZER_NAMES.map((to) => [from, to] as const));

describe.each(PAIRS)("%s to %s", (from, to) => {
  test("a message of any nesting is transcoded exactly, or refused beyond the limit", () => {
    fc.assert(
      fc.property(levels, (kinds) => {
        const transcode = () => transcoderFor(from, to)(message([48, 7], kinds, from));
        if (from !== to && kinds.length + 1 > LIMIT)
          expect(transcode).toThrow(UnrepresentableValue);
        else expect(Buffer.from(transcode() as Uint8Array)).toEqual(message([48, 7], kinds, to));
      }),
      { numRuns: 60, examples: [LIMIT - 2, LIMIT - 1, LIMIT].map((n) => [Array(n).fill(false)]) },
    );
  });
});

describe.each(PAIRS)("a session of a client in %s on a router in %s", (from, to) => {
  test("carries a message of any nesting, or answers it, and goes on", async () => {
    const { router, urls } = await sessionHarness({ router: { serializer: to } });
    const client = await ScriptedClient.open(urls.rawsocket, from);
    afterTest(() => client.socket.destroy());
    client.says([1, "realm1", { roles: { caller: {} } }]);
    const side = await router.session();
    await side.welcome();
    expect((await client.next())?.[0]).toBe(2);
    const call = (kinds: boolean[], as: SerializerName) =>
      message([48, 7, "", "a"], [false, ...kinds], as);
    const result = (kinds: boolean[], as: SerializerName) =>
      message([50, 7, ""], [false, ...kinds], as);
    await fc.assert(
      fc.asyncProperty(levels, async (kinds) => {
        const isRefused = from !== to && kinds.length + 2 > LIMIT;
        client.sends(call(kinds, from));
        if (isRefused) {
          const [type, request, id, , uri] = (await client.next()) ?? [];
          expect([type, request, id, uri]).toEqual([8, 48, 7, "wamp.error.invalid_argument"]);
        } else {
          expect(Buffer.from((await side.nextOctets()) as Uint8Array)).toEqual(call(kinds, to));
        }
        side.saysOctets(result(kinds, to));
        if (isRefused) {
          const [type, request, id, , uri] = (await client.next()) ?? [];
          expect([type, request, id, uri]).toEqual([8, 48, 7, "wamp.error.invalid_argument"]);
        } else {
          expect(await client.nextOctets()).toEqual(result(kinds, from));
        }
      }),
      { numRuns: 15, examples: [LIMIT - 2, LIMIT - 1].map((n) => [Array(n).fill(true)]) },
    );
  });
});

describe.each([...SERIALIZER_NAMES])("a HELLO in %s", (serializer) => {
  test("that is nested too deep is refused with a sentence", async () => {
    const { urls } = await sessionHarness();
    const client = await ScriptedClient.open(urls.rawsocket, serializer);
    afterTest(() => client.socket.destroy());
    client.sends(message([1, "realm1"], Array(LIMIT).fill(true), serializer));
    const [type, details, uri] = (await client.next()) ?? [];
    expect([type, uri]).toEqual([3, "wamp.error.protocol_violation"]);
    expect((details as { message: string }).message).toContain(
      "lists and maps nested deeper than 1024 levels",
    );
  });
});

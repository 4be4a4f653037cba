/**
 * The transcoders in WebAssembly against readers and writers: the same octets, or none.
 *
 * CROSSPROXY_PROPERTY_RUNS sets the number of values of each pair, for long runs.
 */

import { expect, test } from "bun:test";
import fc from "fast-check";
import { SERIALIZER_NAMES, type SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { exactTranscoder } from "#wamp/transcode/transcoder.ts";
import { wasmTranscoder } from "#wamp/transcode/wasm-transcoder.ts";
import { serializedValues } from "../support/serialized-values.ts";

const numRuns = Number(process.env["CROSSPROXY_PROPERTY_RUNS"] ?? 2000);

const pairs = [...SERIALIZER_NAMES].flatMap((from) =>
  [...SERIALIZER_NAMES].filter((to) => to !== from).map((to) => [from, to] as const),
);

/** The exact form in hex; undefined for a message that is refused. */
function exactly(octets: Buffer, from: SerializerName, to: SerializerName): string | undefined {
  try {
    return exactTranscoder(from, to)(octets).toString("hex");
  } catch (thrown) {
    if (thrown instanceof MalformedMessage || thrown instanceof UnrepresentableValue)
      return undefined;
    throw thrown;
  }
}

test.each(pairs)(
  "from %s to %s",
  (from, to) => {
    const transcode = wasmTranscoder(from, to)!;
    let taken = 0;
    fc.assert(
      fc.property(serializedValues(from), (octets) => {
        const result = transcode(octets)?.toString("hex");
        if (result === undefined) return;
        taken += 1;
        expect(result).toBe(exactly(octets, from, to) ?? "refused");
      }),
      { numRuns },
    );
    // Otherwise a transcoder would pass that refuses everything.
    expect(taken).toBeGreaterThan(numRuns / 4);
  },
  600_000,
);

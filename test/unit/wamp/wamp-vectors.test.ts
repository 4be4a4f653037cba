/** The single messages of the WAMP specification's test suite: their octets are read and written as it says. */

import { describe, expect, test } from "bun:test";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { octetVectors, vectorMessage } from "../../support/wamp-vectors.ts";

const SERIALIZERS = ["json", "msgpack", "cbor"] as const satisfies SerializerName[];

describe.each(octetVectors().map((vector, index) => [index + 1, vector.of, vector] as const))(
  "sample %d, %s,",
  (_index, _of, vector) => {
    const message = vectorMessage(vector);

    test.each(SERIALIZERS)("is read from %s", (serializer) => {
      for (const hex of vector[serializer]) {
        const read = decodeMessage(Buffer.from(hex, "hex"), serializer);
        expect(read).toEqual(message);
      }
    });

    test.each(SERIALIZERS)("is written from %s in every serializer", (serializer) => {
      const [hex = ""] = vector[serializer];
      const read = decodeMessage(Buffer.from(hex, "hex"), serializer);
      for (const target of SERIALIZERS) {
        const written = Buffer.from(encodeMessage(read, target)).toString("hex");
        expect(vector[target]).toContain(written);
      }
    });
  },
);

test("there are 35 samples", () => {
  expect(octetVectors().length).toBe(35);
});

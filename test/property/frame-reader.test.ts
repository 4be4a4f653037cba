import { describe, expect, test } from "bun:test";
import fc from "fast-check";

import { writeFrameHeader } from "#transport/rawsocket/frame-header.ts";
import { FrameReader } from "#transport/rawsocket/frame-reader.ts";

const frame = fc.record({
  type: fc.constantFrom(0 as const, 1 as const, 2 as const),
  payload: fc.uint8Array({ maxLength: 700 }),
});

describe("FrameReader", () => {
  test("gives the same frames however the stream is cut", () => {
    const cuts = fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), cuts, (frames, sizes) => {
        const stream = Buffer.concat(
          frames.flatMap(({ type, payload }) => {
            const header = new Uint8Array(4);
            writeFrameHeader(header, 0, type, payload.length);
            return [header, payload];
          }),
        );
        const reader = new FrameReader(1024);
        const read: string[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const end = at + (sizes[turn % sizes.length] as number);
          const fault = reader.push(stream.subarray(at, end), {
            beginLongMessage: () => null,
            endLongMessage: () => true,
            mayBegin: () => true,
            takeFrame(type, payload) {
              read.push(`${type}:${payload.toHex()}`);
              return true;
            },
          });
          expect(fault).toBeNull();
          at = end;
        }
        expect(read).toEqual(frames.map(({ type, payload }) => `${type}:${payload.toHex()}`));
      }),
    );
  });
});

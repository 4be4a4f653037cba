import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { messageMemory } from "#base/message-memory.ts";
import { MessageCollector } from "#transport/endpoint/message-collector.ts";
import type { BodyFraming } from "#transport/http/http-request.ts";
import { RequestBody } from "#transport/http/request-body.ts";
import { titled } from "../../../support/titles.ts";

/** Pushes nothing and then the pieces, until the body says something. */
function read(framing: BodyFraming, limit: number, pieces: Buffer[]) {
  const body = new RequestBody(framing, limit);
  let state = body.push(Buffer.alloc(0));
  for (const piece of pieces) if (state === "incomplete") state = body.push(piece);
  return state === "complete" ? Buffer.from(body.take()).toString("latin1") : state;
}

/** Cuts octets at these places. */
function cut(octets: Buffer, places: number[]): Buffer[] {
  const bounds = [0, ...places.map((at) => at % (octets.length + 1)), octets.length];
  bounds.sort((a, b) => a - b);
  return bounds.slice(1).map((end, index) => octets.subarray(bounds[index], end));
}

describe("RequestBody", () => {
  const places = fc.array(fc.nat(), { maxLength: 8 });
  const texts = fc.uint8Array({ maxLength: 300 }).map((octets) => Buffer.from(octets));

  test("is the same however its octets come", () => {
    fc.assert(
      fc.property(texts, places, (text, at) => {
        const framing = { kind: "length", octets: text.length } as const;
        const more = Buffer.concat([text, Buffer.from("GET / HTTP/1.1\r\n")]);
        expect(read(framing, 300, cut(more, at))).toBe(text.toString("latin1"));
      }),
    );
  });

  test("is the same however it is cut into chunks", () => {
    fc.assert(
      fc.property(texts, places, places, (text, chunkedAt, at) => {
        const chunks = cut(text, chunkedAt).filter(({ length }) => length > 0);
        const octets = Buffer.concat([
          ...chunks.flatMap((chunk) => [
            Buffer.from(`${chunk.length.toString(16)} ;a="b"\r\n`),
            chunk,
            Buffer.from("\r\n"),
          ]),
          Buffer.from("0\r\nTrailer: 1\r\n\r\nGET / HTTP/1.1\r\n"),
        ]);
        expect(read({ kind: "chunked" }, 300, cut(octets, at))).toBe(text.toString("latin1"));
      }),
    );
  });

  test.each(
    titled([
      ["too long", "5\r\n12345\r\n4\r\n1234\r\n"],
      ["too long", "ffffffff\r\n"],
      ["malformed", "fffffffff\r\n"],
      ["malformed", "x\r\n"],
      ["malformed", "-1\r\n"],
      ["malformed", "\r\n"],
      ["malformed", "1\n"],
      ["malformed", "1\r\n12\r\n"],
      ["malformed", `1;${"x".repeat(2000)}`],
      ["malformed", `0\r\n${"a: b\r\n".repeat(65)}`],
      ["malformed", "0\r\na b: c\r\n\r\n"],
      ["malformed", "0\r\na: b\rc\r\n\r\n"],
      ["malformed", "1;\0\r\n"],
      ["12345", "0000000000005\r\n12345\r\n000\r\n\r\n"],
      ["incomplete", "5\r\n1234"],
      ["incomplete", "0\r\na: b\r\n"],
    ]),
  )("is %s", (_title, state, octets) => {
    expect(read({ kind: "chunked" }, 8, [Buffer.from(octets)])).toBe(state);
  });

  test("is too long at once where its length says so", () => {
    expect(read({ kind: "length", octets: 9 }, 8, [])).toBe("too long");
    expect(read({ kind: "length", octets: 8 }, 8, [Buffer.from("12345678")])).toBe("12345678");
    expect(read({ kind: "length", octets: 0 }, 8, [])).toBe("");
  });

  test("is refused where the memory that it is handed does not take it", () => {
    const framing = { kind: "length", octets: 70_000 } as const;
    const before = messageMemory();
    const body = new RequestBody(framing, 70_000, new MessageCollector(0));
    expect(body.push(Buffer.alloc(60_000))).toBe("incomplete");
    expect([body.push(Buffer.alloc(10_000)), body.length]).toEqual(["too much memory", 60_000]);
    expect(body.push(Buffer.alloc(1))).toBe("too much memory");
    body.drop();
    expect(messageMemory()).toBe(before);
  });
});

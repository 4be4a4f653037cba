import { describe, expect, test } from "bun:test";

import { RequestHead } from "#transport/front-door/request-head.ts";

describe("RequestHead", () => {
  test("adds a line behind the request line, and keeps every other octet", () => {
    const text = "GET /ws?x=1 HTTP/1.1\r\nHost: a\r\n\r\n\xff\0behind";
    for (const size of [1, 2, 7, text.length]) {
      const head = new RequestHead();
      const octets = Buffer.from(text, "latin1");
      let at = 0;
      let state = head.push(octets.subarray(at, size));
      for (at = size; state === "incomplete"; at += size) {
        state = head.push(octets.subarray(at, at + size));
      }
      expect(state).toBe("complete");
      const [line, rest] = [text.slice(0, 22), text.slice(22, Math.min(at, text.length))];
      expect(head.octetsWith("Id: 7").toString("latin1")).toBe(`${line}Id: 7\r\n${rest}`);
    }
  });

  test("refuses what does not begin as a request", () => {
    for (const line of [
      "GET /",
      "get / HTTP/1.1",
      "GET  / HTTP/1.1",
      "GET / HTTP/2.0",
      "GET /\0 HTTP/1.1",
      "",
    ]) {
      expect(new RequestHead().push(Buffer.from(`${line}\r\n`))).toBe("malformed");
    }
    expect(new RequestHead().push(Buffer.from("GET / HTTP/1.1\n"))).toBe("malformed");
  });

  test("takes 16 KiB and no more", () => {
    const head = (octets: number) => {
      const rest = octets - "GET / HTTP/1.1\r\nA: \r\n\r\n".length;
      return Buffer.from(`GET / HTTP/1.1\r\nA: ${"x".repeat(rest)}\r\n\r\n`);
    };
    expect(new RequestHead().push(head(16_384))).toBe("complete");
    expect(new RequestHead().push(head(16_385))).toBe("too long");
    expect(new RequestHead().push(Buffer.alloc(16_385, "G"))).toBe("too long");
  });
});

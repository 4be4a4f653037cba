import { describe, expect, test } from "bun:test";

import type { HttpRequest } from "#transport/http/http-request.ts";
import { RequestHead } from "#transport/http/request-head.ts";

function requestOf(head: RequestHead): HttpRequest {
  const request = head.request();
  if (typeof request === "number") throw new Error(`refused with ${request}`);
  return request;
}

describe("RequestHead", () => {
  test("keeps every octet, and gives those after the head", () => {
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
      expect(head.octets.toString("latin1")).toBe(text.slice(0, at));
      expect(head.octetsAfterHead.toString("latin1")).toBe(text.slice(33, at));
    }
  });

  test("is a request with its headers, those that come twice joined", () => {
    const head = new RequestHead();
    head.push(Buffer.from("GET /ws?x=1 HTTP/1.1\r\nHost: a\r\nX: 1\r\nx:2 \r\n\r\n"));
    const request = requestOf(head);
    expect(request.method).toBe("GET");
    expect(request.url.pathname).toBe("/ws");
    expect([...request.headers]).toEqual([
      ["host", "a"],
      ["x", "1, 2"],
    ]);
  });

  test.each(["a/b", "a?b", "a#b", "b:80/c"])(
    "has its path whatever the Host header is: %p",
    (host) => {
      const head = new RequestHead();
      head.push(Buffer.from(`GET /ws HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
      expect(requestOf(head).url.pathname).toBe("/ws");
    },
  );

  test.each(["X", "X : 1", " X: 1", ": 1", "X\0: 1", "X: \u0000"])(
    "is no request with the header %p",
    (field) => {
      const head = new RequestHead();
      head.push(Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${field}\r\n\r\n`));
      expect(head.request()).toBe(400);
    },
  );

  test("refuses what does not begin as a request", () => {
    for (const line of ["GET /", "GET  / HTTP/1.1", "GET / HTTP/2.0", "GET /\0 HTTP/1.1", ""]) {
      expect(new RequestHead().push(Buffer.from(`${line}\r\n`))).toBe("malformed");
    }
    expect(new RequestHead().push(Buffer.from("GET / HTTP/1.1\n"))).toBe("malformed");
  });

  test("knows methods as they are written", () => {
    const stateOf = (method: string) =>
      new RequestHead().push(Buffer.from(`${method} / HTTP/1.1\r\n`));
    for (const method of ["GET", "M-SEARCH"]) expect(stateOf(method)).toBe("incomplete");
    for (const method of ["get", "FOO"]) expect(stateOf(method)).toBe("unknown method");
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

import { describe, expect, test } from "bun:test";

import type { HttpRequest } from "#transport/http/http-request.ts";
import { RequestHead } from "#transport/http/request-head.ts";

function requestOf(head: RequestHead): HttpRequest {
  const request = head.request();
  if (typeof request === "string") throw new Error(`refused with ${request}`);
  return request;
}

describe("RequestHead", () => {
  test("is the same however its octets come, and gives those after it", () => {
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
      expect(requestOf(head).url.search).toBe("?x=1");
      expect(head.octetsAfterHead.toString("latin1")).toBe(text.slice(33, at));
    }
  });

  test("is a request with its headers, those that come twice joined", () => {
    const head = new RequestHead();
    head.push(Buffer.from("GET /ws?x=1 HTTP/1.1\r\nHost: a\r\nX: 1\r\nx:2 \r\n\r\n"));
    const request = requestOf(head);
    expect(request.method).toBe("GET");
    expect(request.url.pathname).toBe("/ws");
    expect([request.headers.get("host"), request.headers.get("x")]).toEqual(["a", "1, 2"]);
  });

  /** The request with this target and these fields, or its fault. */
  const read = (target: string, ...fields: string[]) => {
    const head = new RequestHead();
    head.push(Buffer.from([`GET ${target} HTTP/1.1`, ...fields, "\r\n"].join("\r\n"), "latin1"));
    return head.request();
  };

  test.each(["X", "X : 1", " X: 1", ": 1", "X\0: 1", "X: \u0000"])(
    "is no request with the header %p",
    (field) => {
      expect(read("/", "Host: a", field)).toBe("malformed field");
    },
  );

  test.each(["a/b", "a?b", "a#b", "b:80/c", "a, b", "", "user@a", "a\xa0"])(
    "is no request with the host %p",
    (host) => {
      expect(read("/", `Host: ${host}`)).toBe("unclear host");
    },
  );

  test.each([
    ["/a?b", "localhost", "/a"],
    ["//b/a", "localhost", "//b/a"],
    ["http://b/a", "b", "/a"],
    ["https://b", "b", "/"],
    ["ws://b/a", "b", "/a"],
  ])("has the target %p", (target, host, pathname) => {
    expect(read(target, "Host: a")).toMatchObject({ url: { host, pathname } });
  });

  test.each([
    "/",
    "/a",
    "/a/",
    "/a/b.js",
    "/a..b",
    "/.",
    "/../a",
    "/a/.b",
    "/a//b",
    "/~a-_",
    "/%61",
    "/a?",
  ])("has the path of a URL where the target is %p", (target) => {
    const { pathname, search } = new URL(`http://localhost${target}`);
    expect(read(target, "Host: a")).toMatchObject({ url: { pathname, search } });
  });

  test.each(["*", "a:443", "ftp://b/a", "x:a", "http:a", "a", "/a\\b", "http://b\\a"])(
    "is no request with the target %p",
    (target) => {
      expect(read(target, "Host: a")).toBe("malformed target");
    },
  );

  test.each([
    [[], { kind: "length", octets: 0 }],
    [["Content-Length: \t12 "], { kind: "length", octets: 12 }],
    [["Transfer-Encoding: Chunked"], { kind: "chunked" }],
  ])("has with %j a body", (fields, framing) => {
    expect(read("/", "Host: a", ...fields)).toMatchObject({ framing });
  });

  test.each([
    [["Transfer-Encoding: gzip, chunked"]],
    [["Transfer-Encoding:"]],
    [["Transfer-Encoding:\xa0chunked"]],
    [["Transfer-Encoding: chunked", "Content-Length: 1"]],
    [["Content-Length: 1", "Content-Length: 1"]],
    [["Content-Length: +1"]],
    [["Content-Length:"]],
    [["Content-Length: 1\xa0"]],
  ])("is no request with %j", (fields) => {
    expect(read("/", "Host: a", ...fields)).toBe("unclear length");
  });

  test("begins after empty lines, however they come", () => {
    const octets = Buffer.from("\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n");
    for (let at = 0; at < octets.length; at++) {
      const head = new RequestHead();
      expect(head.push(octets.subarray(0, at))).toBe("incomplete");
      expect(head.push(octets.subarray(at))).toBe("complete");
      expect(requestOf(head).url.pathname).toBe("/a");
    }
    expect(new RequestHead().push(Buffer.from("\r\n".repeat(9000)))).toBe("too long");
  });

  test("refuses what does not begin as a request", () => {
    for (const line of ["GET /", "GET  / HTTP/1.1", "GET / HTTP/2.0", "GET /\0 HTTP/1.1", " "]) {
      expect(new RequestHead().push(Buffer.from(`${line}\r\n`))).toBe("malformed line");
    }
    expect(new RequestHead().push(Buffer.from("GET / HTTP/1.1\n"))).toBe("malformed line");
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

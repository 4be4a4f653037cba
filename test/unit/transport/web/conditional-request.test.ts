import { expect, test } from "bun:test";
import { conditionalAnswer } from "#transport/web/conditional-request.ts";

const octets = new TextEncoder().encode("0123456789");
const content = {
  size: 10,
  etag: '"v1"',
  lastModified: new Date("2026-01-02T03:04:05.678Z"),
  headers: { "Content-Type": "text/plain; charset=utf-8" },
  slice: (start: number, end: number) => octets.subarray(start, end),
};

const ask = (headers: Record<string, string>, method = "GET") =>
  conditionalAnswer(content, { method, headers: new Headers(headers) });

test("sends one range, open ranges and suffixes", () => {
  for (const [range, text, contentRange] of [
    ["bytes=2-4", "234", "bytes 2-4/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-2", "89", "bytes 8-9/10"],
    ["bytes=-99", "0123456789", "bytes 0-9/10"],
    ["bytes=8-99", "89", "bytes 8-9/10"],
  ] as const) {
    const response = ask({ Range: range });
    expect(response.status).toBe(206);
    expect(response.headers["Content-Range"]).toBe(contentRange);
    expect(Buffer.from(response.body as Uint8Array).toString()).toBe(text);
  }
});

test("sends the whole for ranges that it does not take", () => {
  for (const range of [
    "bytes=0-9,4-5",
    "lines=1-2",
    "bytes=5-2",
    "bytes=0-1,x",
    "bytes=-",
    "nonsense",
  ]) {
    expect(ask({ Range: range }).status).toBe(200);
  }
});

test("reads a range in one go, however much white space is in it", () => {
  // In any other way this test does not end.
  const space = " ".repeat(1_000_000);
  for (const range of [`bytes=${space}x`, `bytes=1-${space}x`, `bytes=1${space}x`]) {
    expect(ask({ Range: range }).status).toBe(200);
  }
  expect(ask({ Range: `bytes=${space}1${space}-${space}2${space}` }).status).toBe(206);
});

test("sends several ranges as parts, but for those beyond the end", () => {
  const response = ask({ Range: "bytes=1-2, 4-5,20-" });
  const boundary = /boundary=(.*)/.exec(response.headers["Content-Type"] ?? "")?.[1];
  const part = (range: string, text: string) =>
    `\r\n--${boundary}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes ${range}/10\r\n\r\n${text}`;
  const body = Buffer.from(response.body as Uint8Array).toString();
  expect([response.status, body]).toEqual([
    206,
    `${part("1-2", "12")}${part("4-5", "45")}\r\n--${boundary}--\r\n`,
  ]);
  expect(ask({ Range: "bytes=1-2,20-" }).headers["Content-Range"]).toBe("bytes 1-2/10");
  expect(ask({ Range: "bytes=20-,30-" }).status).toBe(416);
});

test("sends the whole for more ranges than 64", () => {
  const size = 1000;
  const long = { ...content, size, slice: (from: number, to: number) => new Uint8Array(to - from) };
  const status = (ranges: number) => {
    const list = Array.from({ length: ranges }, (_, at) => `${at * 2}-${at * 2}`).join();
    return conditionalAnswer(long, {
      method: "GET",
      headers: new Headers({ Range: `bytes=${list}` }),
    }).status;
  };
  expect([status(64), status(65)]).toEqual([206, 200]);
});

test("ignores what is no date of HTTP, and reads the two old forms", () => {
  for (const [status, date] of [
    [304, "Friday, 02-Jan-26 03:04:05 GMT"],
    [304, "Fri Jan  2 03:04:05 2026"],
    [200, "2030-01-01"],
    [200, "Fri, 32 Jan 2026 03:04:05 GMT"],
    [200, "Fri, 02 Jan 2026 03:04:05 CET"],
    [200, "Fri, 02 Jan 2026 03:60:05 GMT"],
    [200, "Fri, 02 Jan 2026 03:04:61 GMT"],
  ] as const) {
    expect([date, ask({ "If-Modified-Since": date }).status]).toEqual([date, status]);
  }
});

test("refuses a range beyond the end", () => {
  const response = ask({ Range: "bytes=10-" });
  expect(response.status).toBe(416);
  expect(response.headers["Content-Range"]).toBe("bytes */10");
  expect(ask({ Range: "bytes=-0" }).status).toBe(416);
});

test("sends empty content whole, whatever part of it is asked for", () => {
  const empty = { ...content, size: 0, slice: () => new Uint8Array(0) };
  for (const range of ["bytes=0-", "bytes=-5"]) {
    const { status, headers } = conditionalAnswer(empty, {
      method: "GET",
      headers: new Headers({ Range: range }),
    });
    expect([status, headers["Content-Range"]]).toEqual([200, undefined]);
  }
});

test("answers 304 when the client has this version", () => {
  expect(ask({ "If-None-Match": '"v0", W/"v1"' }).status).toBe(304);
  expect(ask({ "If-None-Match": "*" }).status).toBe(304);
  expect(ask({ "If-None-Match": '"v0"' }).status).toBe(200);
  expect(ask({ "If-None-Match": '"v0", *' }).status).toBe(200);
  expect(ask({ "If-Modified-Since": "Fri, 02 Jan 2026 03:04:05 GMT" }).status).toBe(304);
  expect(ask({ "If-Modified-Since": "Fri, 02 Jan 2026 03:04:04 GMT" }).status).toBe(200);
});

test("answers 412 where the client wants another version", () => {
  const [same, changed] = ["Fri, 02 Jan 2026 03:04:05 GMT", "Fri, 02 Jan 2026 03:04:04 GMT"];
  for (const [status, headers] of [
    [200, { "If-Match": '"v0", "v1"' }],
    [200, { "If-Match": "*" }],
    [412, { "If-Match": '"v0"' }],
    [412, { "If-Match": 'W/"v1"' }],
    [412, { "If-Match": '"v0", *' }],
    [412, { "If-Match": "" }],
    [200, { "If-Unmodified-Since": same }],
    [412, { "If-Unmodified-Since": changed }],
    [200, { "If-Unmodified-Since": "whenever" }],
    [200, { "If-Match": '"v1"', "If-Unmodified-Since": changed }],
    [412, { "If-Match": '"v0"', "If-None-Match": '"v1"' }],
    [412, { "If-Match": '"v0"', Range: "bytes=0-1" }],
    [304, { "If-Match": '"v1"', "If-None-Match": '"v1"' }],
  ] as [number, Record<string, string>][]) {
    expect([headers, ask(headers).status]).toEqual([headers, status]);
  }
  expect(ask({ "If-Match": '"v0"' }).body).toEqual(new Uint8Array(0));
});

test("sends a part only of the version that If-Range names", () => {
  expect(ask({ Range: "bytes=0-1", "If-Range": '"v1"' }).status).toBe(206);
  expect(ask({ Range: "bytes=0-1", "If-Range": '"v0"' }).status).toBe(200);
  expect(ask({ Range: "bytes=0-1", "If-Range": 'W/"v1"' }).status).toBe(200);
  expect(ask({ Range: "bytes=0-1", "If-Range": "Fri, 02 Jan 2026 03:04:05 GMT" }).status).toBe(206);
});

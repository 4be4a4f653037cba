import { expect, test } from "bun:test";
import {
  printFields,
  printHead,
  wholeAnswer,
  withWholeAnswer,
  writeShort,
} from "#transport/http/http-answer.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

const answer = { status: 200, headers: { "Content-Type": "text/plain" }, body: Buffer.from("x") };

test("a head has the headers, then date, length and close", () => {
  const head = printHead(answer, true).replace(/(?<=Date: )[^\r]+/, (date) => {
    expect(new Date(date).toUTCString()).toBe(date);
    return "now";
  });
  expect(head).toBe(
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: now\r\nContent-Length: 1\r\nConnection: close\r\n\r\n",
  );
  expect(printHead({ ...answer, status: 304, body: null }, false)).not.toContain("Content-Length");
});

test("a head has the date of its own second, also where its headers are printed once", () => {
  const pass = fakeTime();
  const kept = { ...answer, printedFields: printFields(answer.headers) };
  for (let second = 0; second < 3; second++) {
    const date = `\r\nDate: ${new Date().toUTCString()}\r\n`;
    expect(printHead(answer, false)).toContain(date);
    expect(printHead(kept, false)).toBe(printHead(answer, false));
    pass(1000);
  }
});

test("a value that would end its line is not printed", () => {
  expect(() => printFields({ Location: "a\r\nSet-Cookie: b" })).toThrow(
    "Cannot send header Location: its value has other octets",
  );
});

const content = {
  size: 4,
  etag: '"v1"',
  lastModified: new Date("2026-01-02T03:04:05.678Z"),
  headers: { "Content-Type": "text/plain", "Content-Encoding": "gzip", Vary: "Accept-Encoding" },
  slice: (start: number, end: number) => Buffer.from("0123").subarray(start, end),
};

test("the whole of some content is sent with what identifies its version", () => {
  const headers = {
    Vary: "Accept-Encoding",
    ETag: '"v1"',
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
    "Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT",
    "Content-Encoding": "gzip",
    "Content-Type": "text/plain",
  };
  const request = { headers: new Headers({ "if-range": "x" }) };
  const whole = wholeAnswer(content, request);
  expect(whole).toEqual({ status: 200, headers, body: Buffer.from("0123") });
  const kept = withWholeAnswer(content);
  expect(wholeAnswer(kept, request)).toBe(wholeAnswer(kept, request));
});

test.each(["If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "Range"])(
  "content is not sent whole to a request with %s unseen",
  (name) => {
    const request = { headers: new Headers({ [name]: "x" }) };
    expect(wholeAnswer(content, request)).toBeNull();
    expect(wholeAnswer(withWholeAnswer(content), request)).toBeNull();
  },
);

test("a short answer is written at once, and what the socket does not take is given back", () => {
  const socket = new ScriptedSocket();
  expect(writeShort(socket, "head ", Buffer.from("body"))).toBeNull();
  expect(writeShort(socket, "", null)).toBeNull();
  expect(socket.writes).toEqual(["head body"]);
  socket.takes = 3;
  expect(writeShort(socket, "head ", Buffer.from("body"))).toEqual(Buffer.from("d body"));
  socket.takes = -1;
  expect(writeShort(socket, "head ", Buffer.from("body"))).toEqual(Buffer.from("head body"));
});

test("an answer of more than 16 KiB is not written as a short one", () => {
  const socket = new ScriptedSocket();
  const body = Buffer.alloc(16 * 1024 - 5);
  expect(writeShort(socket, "head ", body)).toBeNull();
  expect(writeShort(socket, "head  ", body)).toBeUndefined();
  expect(socket.text.length).toBe(16 * 1024);
});

import { expect, test } from "bun:test";
import { printFields, printHead } from "#transport/http/http-answer.ts";
import { fakeTime } from "../../../support/fake-time.ts";

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

import { expect, test } from "bun:test";
import type { LogFields } from "#observe/logger.ts";
import { LoggedSocket } from "#transport/http/logged-socket.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

const request = {
  peer: "tcp4:192.0.2.7:1",
  line: "GET / HTTP/1.1",
  referer: null,
  userAgent: null,
};

function begun() {
  const { log, logged } = keptLog("info");
  const inner = new ScriptedSocket();
  const socket = new LoggedSocket(inner, log);
  socket.begin(request);
  const facts = () =>
    logged.map(([, fields = {} as LogFields]) => [
      fields["status"],
      fields["octets"],
      fields["complete"],
    ]);
  return { inner, socket, logged, facts };
}

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody";

test("what the system takes is counted, however small its parts are", () => {
  const { inner, socket, facts } = begun();
  const octets = Buffer.from(`HTTP/1.1 100 Continue\r\n\r\n${ANSWER}`);
  for (let at = 0; at < octets.length; at++) {
    inner.takes = 1;
    expect(socket.write(octets, at)).toBe(1);
  }
  socket.answered();
  expect(facts()).toEqual([[200, 4, true]]);
  expect(inner.text).toBe(octets.toString());
});

test("a head in several writes is read, though their octets are borrowed", () => {
  const { socket, facts } = begun();
  const buffer = Buffer.alloc(ANSWER.length + 2);
  for (const part of ["HTTP/1.1 4", "04 Not Found\r\n\r", "\nbody"]) {
    buffer.write(part, 2);
    socket.write(buffer, 2, part.length);
    buffer.fill(0);
  }
  socket.answered();
  expect(facts()).toEqual([[404, 4, true]]);
});

test("the time of a request is that from its head to its end", () => {
  const pass = fakeTime();
  const { socket, logged } = begun();
  pass(1234);
  socket.write(Buffer.from(ANSWER));
  pass(111);
  socket.answered();
  expect(logged[0]?.[1]).toMatchObject({ seconds: 1.345 });
});

test.each([
  ["answered", true],
  ["shutdown", true],
  ["end", true],
  ["terminate", false],
  ["closed", false],
] as const)("an answer that ends with %s is complete: %p", (end, isComplete) => {
  const { inner, socket, facts } = begun();
  inner.takes = ANSWER.length - 1;
  socket.write(Buffer.from(`..${ANSWER}`), 2);
  socket[end]();
  socket.closed();
  expect(facts()).toEqual([[200, 3, isComplete]]);
});

test("a body that the system takes no more of counts no octet less", () => {
  const { inner, socket, facts } = begun();
  socket.write(Buffer.from(ANSWER));
  inner.takes = -1;
  socket.write(Buffer.from("more"));
  socket.closed();
  expect(facts()).toEqual([[200, 4, false]]);
});

test("a socket that takes nothing has no answer to count", () => {
  const { inner, socket, facts } = begun();
  inner.takes = -1;
  expect(socket.write(Buffer.from(ANSWER))).toBe(-1);
  socket.shutdown();
  expect(facts()).toEqual([[499, 0, false]]);
});

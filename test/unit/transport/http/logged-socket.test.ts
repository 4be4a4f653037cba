import { expect, test } from "bun:test";
import type { LogFields } from "#observe/logger.ts";
import { LoggedSocket } from "#transport/http/logged-socket.ts";
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
  return { inner, socket, facts };
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

test("a socket that takes nothing has no answer to count", () => {
  const { inner, socket, facts } = begun();
  inner.takes = -1;
  expect(socket.write(Buffer.from(ANSWER))).toBe(-1);
  socket.shutdown();
  expect(facts()).toEqual([[499, 0, false]]);
});

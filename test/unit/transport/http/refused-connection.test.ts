import { expect, test } from "bun:test";
import { TEXT_HEADERS } from "#transport/http/page-headers.ts";
import { RefusedConnection } from "#transport/http/refused-connection.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

const withoutDate = (text: string) => text.replace(/Date: [^\r]* GMT\r\n/, "");

const fields = Object.entries(TEXT_HEADERS)
  .map(([name, value]) => `${name}: ${value}\r\n`)
  .join("");

test.each([
  [400, "", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"],
  [
    503,
    "é",
    `HTTP/1.1 503 Service Unavailable\r\n${fields}Content-Length: 3\r\nConnection: close\r\n\r\n\xc3\xa9\n`,
  ],
])("the refusal with %d and %p is an answer that closes", (status, sentence, octets) => {
  const socket = new ScriptedSocket();
  const refused = new RefusedConnection(socket, status, { sentence });
  refused.received();
  refused.drained();
  expect([withoutDate(socket.text), socket.done]).toEqual([octets, ["shutdown"]]);
  refused.closed();
});

test("a refusal that the socket takes in parts comes whole before the end", () => {
  const socket = new ScriptedSocket();
  socket.takes = 10;
  const refused = new RefusedConnection(socket, 431);
  refused.ended();
  expect([socket.text, socket.done]).toEqual(["HTTP/1.1 4", []]);
  socket.takes = 1000;
  refused.drained();
  expect(socket.text).toEndWith("\r\nConnection: close\r\n\r\n");
  expect(socket.done).toEqual(["shutdown"]);
  refused.closed();
});

test("a refused client has a second to close", () => {
  const pass = fakeTime();
  const [slow, ended, closed] = [new ScriptedSocket(), new ScriptedSocket(), new ScriptedSocket()];
  new RefusedConnection(slow, 400);
  new RefusedConnection(ended, 400).ended();
  new RefusedConnection(closed, 400).closed();
  expect(ended.done).toEqual(["shutdown", "end"]);
  pass(999);
  expect(slow.done).toEqual(["shutdown"]);
  pass(1);
  expect(slow.done).toEqual(["shutdown", "end"]);
  expect(closed.done).toEqual(["shutdown"]);
});

import { expect, test } from "bun:test";
import { RefusedConnection, refusalOctets } from "#transport/http/refused-connection.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

test.each([
  [400, "", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"],
  [
    503,
    "é",
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\nConnection: close\r\n\r\né\n",
  ],
])("the refusal with %d and %p is an answer that closes", (status, sentence, octets) => {
  expect(refusalOctets(status, sentence).toString()).toBe(octets);
});

test("a refused connection gets its answer and no more, and reads nothing", () => {
  const socket = new ScriptedSocket();
  const refused = new RefusedConnection(socket, 431);
  refused.received();
  refused.drained();
  expect([socket.text, socket.done]).toEqual([refusalOctets(431).toString(), ["shutdown"]]);
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
  expect(slow.done).toEqual(["shutdown", "terminate"]);
  expect(closed.done).toEqual(["shutdown"]);
});

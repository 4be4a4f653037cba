import { expect, test } from "bun:test";
import { WebSocketTestee } from "#transport/websocket/websocket-testee.ts";
import { webSocketDefaults } from "../../../support/default-options.ts";
import { quiet } from "../../../support/quiet-context.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";

test("the answer to a handshake comes whole before the first frame, in however many parts", async () => {
  const socket = new ScriptedSocket();
  socket.takes = 10;
  const connection = new WebSocketTestee({
    socket,
    answer: Buffer.from("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
    options: webSocketDefaults,
    peer: "tcp4:127.0.0.1:1",
    codec: null,
    owner: { log: quiet, noteClosed() {} },
  });
  // A text "a" with the mask 00000000.
  connection.received(Buffer.from("81810000000061", "hex"));
  await socket.until(({ text }) => text.length === 10);
  socket.takes = 1000;
  connection.drained();
  expect(socket.text).toBe("HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x01a");
  connection.closed(undefined);
});

import { describe, expect, test } from "bun:test";
import { outgoingMemory } from "#base/outgoing-memory.ts";
import { LongMessageGate } from "#transport/endpoint/long-message-gate.ts";
import { WebSocketPeer } from "#transport/websocket/websocket-peer.ts";
import { WebSocketTestee } from "#transport/websocket/websocket-testee.ts";
import { afterTest } from "../../../support/cleanups.ts";
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

test.each([
  ["of a client closes the connection at once", Buffer.from("HTTP/1.1 101\r\n\r\n"), "end"],
  ["of a router ends this side, and the router closes", null, "shutdown"],
] as const)("a close frame %s", (_, answer, deed) => {
  const socket = new ScriptedSocket();
  const owner = { log: quiet, noteClosed() {} };
  const peer = "tcp4:127.0.0.1:1";
  const options = webSocketDefaults;
  const connection = new WebSocketTestee({ socket, answer, options, peer, codec: null, owner });
  // 1000, with the mask 00000000 of a client.
  const payload = answer === null ? "" : "00000000";
  connection.received(Buffer.from(`88${answer === null ? "02" : "82"}${payload}03e8`, "hex"));
  expect(socket.done).toEqual([deed]);
  connection.closed(undefined);
});

describe("towards a router", () => {
  const long = { ...webSocketDefaults, max_message_size: 2 ** 20 };
  const details = {
    peer: "tcp4:127.0.0.1:1",
    type: "websocket",
    serializer: "cbor",
    isSecure: false,
    isUnixSocket: false,
  } as const;

  /** A connection to a router, and how many octets are reserved for its long message. */
  function towardsRouter() {
    const before = outgoingMemory.octets;
    const gate = new LongMessageGate(Number.POSITIVE_INFINITY);
    const socket = new ScriptedSocket();
    const { peer } = details;
    const options = { socket, answer: null, options: long, peer, codec: null, gate };
    const connection = new WebSocketPeer(options, details);
    afterTest(() => connection.closed(undefined));
    return { connection, socket, reserved: () => outgoingMemory.octets - before };
  }

  test.each([
    ["a short frame", "827efffe", 0, 0],
    ["a long frame", "827f0000000000011170", 70_000, 0],
    ["a long first frame of a message", "027f0000000000011170", 2 ** 20, 2 ** 20],
    ["a short first frame of a message", "027e0100", 0, 0],
  ])("%s reserves memory for its message until that is handled", (_, head, begun, after) => {
    const { connection, reserved } = towardsRouter();
    const octets = Buffer.from(head, "hex");
    connection.received(octets);
    expect(reserved()).toBe(begun);
    connection.received(Buffer.alloc(70_000));
    expect(reserved()).toBe(after);
    connection.closed(undefined);
    expect(reserved()).toBe(0);
  });

  test("nothing is reserved any more when it is closed", () => {
    const { connection, socket, reserved } = towardsRouter();
    const head = Buffer.from("827f0000000000011170", "hex");
    connection.received(head);
    connection.close(1000, "done");
    expect(reserved()).toBe(0);
    connection.received(Buffer.concat([Buffer.alloc(70_000), head]));
    expect(reserved()).toBe(0);
    expect(socket.text).toHaveLength(6 + 2 + 4);
  });
});

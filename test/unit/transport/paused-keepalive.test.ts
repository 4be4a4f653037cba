/** Pings of connections that are paused, as their sessions pause them. */

import { describe, expect, test } from "bun:test";
import { RawSocketPeer } from "#transport/rawsocket/rawsocket-peer.ts";
import { WebSocketTestee } from "#transport/websocket/websocket-testee.ts";
import { webSocketDefaults } from "../../support/default-options.ts";
import { fakeTime } from "../../support/fake-time.ts";
import { quiet } from "../../support/quiet-context.ts";
import { ScriptedSocket } from "../../support/scripted-socket.ts";

const pings = {
  auto_ping_interval: 1000,
  auto_ping_timeout: 300,
  auto_ping_size: 12,
  auto_ping_restart_on_any_traffic: false,
};

function webSocket(socket: ScriptedSocket) {
  return new WebSocketTestee({
    socket,
    answer: Buffer.alloc(0),
    options: { ...webSocketDefaults, ...pings },
    peer: "tcp4:127.0.0.1:1",
    codec: null,
    owner: { log: quiet, noteClosed() {} },
  });
}

function rawSocket(socket: ScriptedSocket) {
  const peer = new RawSocketPeer({
    socket,
    agreement: { serializer: "json", maxSendOctets: 2 ** 24, maxReceiveOctets: 2 ** 24 },
    details: {
      peer: "tcp4:127.0.0.1:1",
      type: "rawsocket",
      serializer: "json",
      isSecure: false,
      isUnixSocket: false,
    },
    maxBuffered: 2 ** 20,
    supervision: { options: { ...webSocketDefaults, ...pings }, log: quiet },
  });
  peer.attach({ onMessage() {}, onDrain() {}, onClose() {} });
  return peer;
}

describe.each([
  ["WebSocket", webSocket],
  ["RawSocket", rawSocket],
] as const)("a %s client that answers no ping", (_name, connect) => {
  test("is cut off though it is read with pauses shorter than the time for its answer", () => {
    const pass = fakeTime();
    const socket = new ScriptedSocket();
    const connection = connect(socket);
    let readMs = 0;
    for (; readMs < 10_000 && !socket.done.includes("terminate"); readMs += 100) {
      connection.pause();
      pass(100);
      connection.resume();
      pass(100);
    }
    expect(readMs).toBeLessThan(2_000);
  });

  test("is not cut off while it is not read", () => {
    const pass = fakeTime();
    const socket = new ScriptedSocket();
    const connection = connect(socket);
    pass(1100);
    connection.pause();
    pass(1_000_000);
    expect(socket.done).toEqual(["pause"]);
    connection.resume();
    pass(150);
    expect(socket.done).toEqual(["pause", "resume"]);
    pass(1_000);
    expect(socket.done.at(-1)).toBe("terminate");
  });
});

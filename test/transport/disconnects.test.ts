/** Which connections of clients count as closed by this process, and by which close code. */

import { describe, expect, test } from "bun:test";
import { disconnects } from "#observe/disconnects.ts";
import type { Peer, PeerHandler } from "#wamp/peer.ts";
import { afterTest } from "../support/cleanups.ts";
import { PollClient } from "../support/longpoll-client.ts";
import { longPollTransport } from "../support/longpoll-transports.ts";
import { ScriptedClient } from "../support/scripted-client.ts";
import { openTransport, rawSocketTransport, webSocketTransport } from "../support/transports.ts";

/** What is counted from now on. */
function counting(): () => Record<number, number> {
  const before = new Map(disconnects.figures().map(({ code, count }) => [code, count]));
  return () =>
    Object.fromEntries(
      disconnects
        .figures()
        .map(({ code, count }) => [code, count - (before.get(code) ?? 0)])
        .filter(([, count]) => count !== 0),
    );
}

/** Sessions that close their connection at the first message; `closed` resolves when one is over. */
function closing() {
  const closed = Promise.withResolvers<void>();
  const accept = (peer: Peer): PeerHandler => ({
    onMessage: () => peer.close(1008, "enough"),
    onDrain() {},
    onClose: () => closed.resolve(),
  });
  return { accept, closed: closed.promise };
}

const pings = { auto_ping_interval: 20, auto_ping_timeout: 40 };

describe.each([
  ["websocket", webSocketTransport],
  ["rawsocket", rawSocketTransport],
] as const)("over %s", (_, transport) => {
  const open = async (options = {}) => {
    const { accept, closed } = closing();
    const { url } = await openTransport(transport(options), accept);
    const client = await ScriptedClient.open(url, "json");
    afterTest(() => client.socket.destroy());
    return { client, closed };
  };

  test("one that its session closes counts, once", async () => {
    const counted = counting();
    const { client, closed } = await open();
    client.says([1], [1]);
    await closed;
    expect(counted()).toEqual({ 1008: 1 });
  });

  test("one that the client ends does not", async () => {
    const counted = counting();
    const { client, closed } = await open();
    client.socket.destroy();
    await closed;
    expect(counted()).toEqual({});
  });

  test("one that is cut off because a ping has no answer counts as 1006", async () => {
    const counted = counting();
    const { closed } = await open(pings);
    await closed;
    expect(counted()).toEqual({ 1006: 1 });
  });

  test("one whose client violates the protocol counts as such", async () => {
    const counted = counting();
    const { client, closed } = await open();
    // Reserved bits of a WebSocket frame, and of a RawSocket frame.
    client.socket.write(Buffer.from("f0000000", "hex"));
    await closed;
    expect(counted()).toEqual({ 1002: 1 });
  });
});

test("over long polling, one that its session closes counts", async () => {
  const counted = counting();
  const { accept, closed } = closing();
  const { port } = await openTransport(longPollTransport(), accept);
  const client = await PollClient.open(port);
  await client.says([1]);
  await client.post("receive");
  await closed;
  expect(counted()).toEqual({ 1008: 1 });
});

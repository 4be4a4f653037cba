import { describe, expect, test } from "bun:test";
import { join } from "node:path";

import type { ConnectingRawSocketConfig } from "#config/connection/connection-config.ts";
import type { Listener } from "#transport/listener.ts";
import { connectPeer } from "#transport/router-connector.ts";
import { startTransport } from "#transport/start-transport.ts";
import type { Peer, PeerHandler } from "#wamp/peer.ts";
import { afterTest } from "../support/cleanups.ts";
import { quietContext } from "../support/quiet-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { anyPort, rawSocketTransport } from "../support/transports.ts";

const folder = temporaryFolder();
const path = join(folder, "router.sock");

const silent = () => {};
const wanted = { serializer: "cbor", maxBuffered: 2 ** 20 } as const;
const listening = rawSocketTransport(
  {},
  { endpoint: { type: "unix", path, permission: 0o600 }, serializers: ["cbor", "json"], auth: {} },
);
const connecting: ConnectingRawSocketConfig = {
  type: "rawsocket",
  endpoint: { type: "unix", path, timeoutMs: 2000 },
  serializer: "cbor",
  max_message_size: 2 ** 24,
};

/** A handler that records, and answers each message with `reply`. */
function recorder(onMessage: (octets: Uint8Array) => void = silent) {
  const closed = Promise.withResolvers<string>();
  const drained = Promise.withResolvers<void>();
  const handler: PeerHandler = {
    onMessage: (message) => onMessage(message as Uint8Array),
    onDrain: () => drained.resolve(),
    onClose: (reason) => closed.resolve(reason),
  };
  return { handler, closed: closed.promise, drained: drained.promise };
}

async function listen(accept: (peer: Peer) => PeerHandler, config = listening): Promise<Listener> {
  const listener = await startTransport(config, accept, quietContext);
  afterTest(() => listener.close());
  return listener;
}

/** Sends octets on a bare socket and gives all that comes back until it closes. */
async function exchange(octets: string, stopAt = Number.POSITIVE_INFINITY): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = "";
  const socket = await Bun.connect({
    unix: path,
    socket: {
      data(_socket, chunk) {
        answer += chunk.toHex();
        if (answer.length >= stopAt * 2) resolve(answer);
      },
      close: () => resolve(answer),
    },
  });
  socket.write(Uint8Array.fromHex(octets));
  return promise.finally(() => socket.terminate());
}

const echo = (peer: Peer) => recorder((octets) => peer.send(octets)).handler;

describe("a RawSocket transport", () => {
  test("answers the handshake and echoes frames that came with it", async () => {
    await listen(echo);
    expect(await exchange("7f030000" + "00000002aabb", 10)).toBe("7ff30000" + "00000002aabb");
  });

  test("answers a ping with its payload", async () => {
    await listen(echo);
    expect(await exchange("7ff30000" + "01000003010203", 11)).toBe("7ff30000" + "02000003010203");
  });

  test("says why it refuses a handshake", async () => {
    await listen(echo);
    expect(await exchange("7ff20000")).toBe("7f100000");
    expect(await exchange("7ff30100")).toBe("7f300000");
    expect(await exchange("7ff30001")).toBe("7f300000");
    expect(await exchange("47")).toBe("");
    expect(await exchange("80f30000")).toBe("");
  });

  test.each(["0", "2", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e", "f"])(
    "refuses serializer %s with error 1, for it speaks 1 and 3",
    async (serializer) => {
      await listen(echo);
      expect(await exchange(`7ff${serializer}0000`)).toBe("7f100000");
    },
  );

  test("has a limit for each direction, from 2^9 to 2^24", async () => {
    const peers: Peer[] = [];
    const options = { ...listening.options, max_message_size: 2 ** 12 + 1 };
    await listen(
      (peer) => {
        peers.push(peer);
        return recorder().handler;
      },
      { ...listening, options },
    );
    for (let length = 0; length < 16; length++) {
      const announced = `7f${length.toString(16)}10000`;
      expect(await exchange(announced, 4)).toBe("7f410000");
      // A frame's length has 24 bits, so that the largest announcement is one octet too large.
      expect(peers[length]?.maxSendOctets).toBe(Math.min(2 ** (9 + length), 2 ** 24 - 1));
    }
  });

  test("never sends a message that is longer than the client announced", async () => {
    const gone = recorder();
    await listen((peer) => {
      queueMicrotask(() => {
        peer.send(new Uint8Array(512));
        peer.send(new Uint8Array(513));
      });
      return gone.handler;
    });
    expect(await exchange("7f030000")).toBe(`7ff3000000000200${"00".repeat(512)}`);
    expect(await gone.closed).toBe("a message is longer than the 512 octets taken");
  });

  test("closes on a frame that is longer than announced", async () => {
    const gone = recorder();
    await listen(() => gone.handler, {
      ...listening,
      options: { ...listening.options, max_message_size: 512 },
    });
    expect(await exchange("7ff30000" + "00000201")).toBe("7f030000");
    expect(await gone.closed).toBe(
      "protocol violation: a frame of 513 octets is longer than the 512 taken",
    );
  });

  describe("with auto ping", () => {
    const pinging = (auto_ping_timeout: number) => ({
      ...listening,
      options: { ...listening.options, auto_ping_interval: 20, auto_ping_timeout },
    });
    const first = `0100000c${"30".repeat(11)}31`;
    const second = `0100000c${"30".repeat(11)}32`;

    test("cuts off a client that does not answer", async () => {
      const gone = recorder();
      await listen(() => gone.handler, pinging(100));
      expect(await exchange("7ff30000")).toBe(`7ff30000${first}`);
      expect(await gone.closed).toBe("no answer to a ping");
    });

    test("goes on pinging one that answers", async () => {
      await listen(echo, pinging(5_000));
      const { promise, resolve } = Promise.withResolvers<string>();
      let got = "";
      const socket = await Bun.connect({
        unix: path,
        socket: {
          data(client, chunk) {
            got += chunk.toHex();
            if (got.endsWith(first)) client.write(Uint8Array.fromHex(first.replace(/^01/, "02")));
            if (got.endsWith(second)) resolve(got);
          },
        },
      });
      afterTest(() => socket.terminate());
      socket.write(Uint8Array.fromHex("7ff30000"));
      expect(await promise).toBe(`7ff30000${first}${second}`);
    });
  });

  test("closes only the peer whose handler throws", async () => {
    await listen(
      (peer) =>
        recorder((octets) => {
          if (octets[0] === 0xee) throw new Error("broken");
          peer.send(octets);
        }).handler,
    );
    const received = Promise.withResolvers<string>();
    const peer = await connectPeer(
      connecting,
      wanted,
      recorder((octets) => received.resolve(octets.toHex())).handler,
    );
    afterTest(() => peer.close(1000, "done"));
    expect(await exchange("7ff30000" + "00000001ee")).toBe("7ff30000");
    peer.send(Uint8Array.of(1));
    expect(await received.promise).toBe("01");
  });

  test("serves TCP on a port that the system chooses", async () => {
    const endpoint = { ...anyPort, shared: true };
    const peers: Peer[] = [];
    const listener = await listen(
      (peer) => {
        peers.push(peer);
        return echo(peer);
      },
      { ...listening, endpoint },
    );
    const port = Number(listener.urls[0]?.split(":").at(-1));
    const received = Promise.withResolvers<string>();
    const peer = await connectPeer(
      { ...connecting, endpoint: { type: "tcp", host: "127.0.0.1", port, timeoutMs: 2000 } },
      wanted,
      recorder((octets) => received.resolve(octets.toHex())).handler,
    );
    afterTest(() => peer.close(1000, "done"));
    peer.send(Uint8Array.of(7));
    expect(await received.promise).toBe("07");
    expect(peers[0]?.details.peer).toMatch(/^tcp4:127\.0\.0\.1:\d+$/);
  });

  test("ends open connections when it closes", async () => {
    const listener = await listen(echo);
    const gone = recorder();
    await connectPeer(connecting, wanted, gone.handler);
    await listener.close();
    expect(await gone.closed).toBe("connection closed");
  });
});

describe("connectPeer over RawSocket", () => {
  test("carries large and many messages in order, through pauses", async () => {
    await listen(echo);
    const sizes = [1, 70_000, 3, 5_000_000, 65_532, 65_536, 16_777_215, 2];
    const got: number[] = [];
    const done = Promise.withResolvers<void>();
    const { handler } = recorder((octets) => {
      expect(octets.every((octet) => octet === got.length + 1)).toBe(true);
      got.push(octets.length);
      if (got.length === sizes.length) done.resolve();
    });
    const peer = await connectPeer(connecting, wanted, handler);
    afterTest(() => peer.close(1000, "done"));
    const borrowed = new Uint8Array(2 ** 24);
    peer.pause();
    sizes.forEach((size, index) => {
      peer.send(borrowed.subarray(0, size).fill(index + 1));
    });
    borrowed.fill(0xff);
    peer.resume();
    await done.promise;
    expect(got).toEqual(sizes);
  });

  test("says when the other side is behind and when it caught up", async () => {
    const accepted: Peer[] = [];
    await listen((peer) => {
      accepted.push(peer);
      peer.pause();
      return recorder().handler;
    });
    const { handler, drained } = recorder();
    const peer = await connectPeer(connecting, wanted, handler);
    afterTest(() => peer.close(1000, "done"));
    let sent = 0;
    while (peer.send(new Uint8Array(100_000))) sent += 1;
    expect(sent).toBeGreaterThan(9);
    expect(peer.bufferedOctets).toBeGreaterThan(2 ** 20);
    accepted[0]?.resume();
    await drained;
    expect(peer.bufferedOctets).toBeLessThanOrEqual(2 ** 18);
  });

  test("delivers what was sent before close", async () => {
    const got = Promise.withResolvers<number>();
    await listen(() => recorder((octets) => got.resolve(octets.length)).handler);
    const mine = recorder();
    const peer = await connectPeer(connecting, wanted, mine.handler);
    peer.send(new Uint8Array(4_000_000));
    peer.close(1000, "session left");
    expect(peer.send(new Uint8Array(1))).toBe(true);
    expect(await got.promise).toBe(4_000_000);
    expect(await mine.closed).toBe("session left");
  });

  test("rejects with the state of the endpoint", async () => {
    const none = { ...connecting, endpoint: { ...connecting.endpoint, path: "/no/such.sock" } };
    const refused = connectPeer(none as ConnectingRawSocketConfig, wanted, recorder().handler);
    expect(refused).rejects.toThrow(
      'Cannot connect to router at "unix /no/such.sock": no such file',
    );
    await refused.catch(silent);
    await listen(echo);
    const other = connectPeer({ ...connecting, serializer: "msgpack" }, wanted, recorder().handler);
    await expect(other).rejects.toThrow("was refused: the serializer is not supported");
  });

  test("gives up on a router that does not answer the handshake", async () => {
    const mute = Bun.listen({ unix: join(folder, "mute.sock"), socket: { data: silent } });
    afterTest(() => mute.stop(true));
    const endpoint = { type: "unix", path: join(folder, "mute.sock"), timeoutMs: 30 } as const;
    await expect(
      connectPeer({ ...connecting, endpoint }, wanted, recorder().handler),
    ).rejects.toThrow("no answer within 30 ms");
  });
});

/** Sessions that share one connection to their router, over real sockets. */

import { expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { ConnectingRawSocketConfig } from "#config/connection/connection-config.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import { RouterConnector } from "#transport/router-connector.ts";
import { startTransport } from "#transport/start-transport.ts";
import type { Peer, PeerHandler, WireMessage } from "#wamp/peer.ts";
import { afterTest } from "../support/cleanups.ts";
import { quietContext } from "../support/quiet-context.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { rawSocketTransport } from "../support/transports.ts";

const folder = temporaryFolder();
const wanted = { serializer: "cbor", maxBuffered: 2 ** 20 } as const;
const trusting: SessionConfig["auth"] = { "anonymous-proxy": { type: "static" } };
let paths = 0;

/** One end of a session, which keeps what it is sent. */
class Side implements PeerHandler {
  readonly messages: string[] = [];
  readonly closed = Promise.withResolvers<string>();
  octets = 0;
  peer: Peer | undefined;
  #wakes: (() => void)[] = [];

  onMessage(message: WireMessage): void {
    this.octets += message.length;
    if (message.length < 100) this.messages.push(Buffer.from(message).toString());
    for (const wake of this.#wakes.splice(0)) wake();
  }
  onDrain(): void {}
  onClose = (reason: string) => this.closed.resolve(reason);

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#wakes.push(resolve));
  }
}

/** A router that answers each message with itself, and the connector to it. */
async function router(auth: SessionConfig["auth"] = trusting, path = newPath()) {
  const sides: Side[] = [];
  const refused: string[] = [];
  const log = { ...quietContext.log, warn: (message: string) => void refused.push(message) };
  const endpoint = { type: "unix" as const, path, permission: 0o600 };
  const accept = (peer: Peer) => {
    const side = new Side();
    side.peer = peer;
    sides.push(side);
    return side;
  };
  const config = rawSocketTransport({}, { endpoint, serializers: ["cbor"], auth });
  const listener = await startTransport(config, accept, { ...quietContext, log });
  afterTest(() => listener.close());
  return { path, sides, refused, listener, connector: new RouterConnector(connectionTo(path)) };
}

function newPath(): string {
  return join(folder, `${paths++}.sock`);
}

function connectionTo(path: string): ConnectingRawSocketConfig {
  const endpoint = { type: "unix" as const, path, timeoutMs: 2000 };
  return { type: "rawsocket", endpoint, serializer: "cbor", max_message_size: 2 ** 24 };
}

async function connect(connector: RouterConnector): Promise<Side & { peer: Peer }> {
  const side = new Side();
  const peer = await connector.connect(wanted, side);
  return Object.assign(side, { peer });
}

/** Sockets that this process has open. */
function openSockets(): number {
  const kinds = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return kinds.filter((kind) => kind.startsWith("socket:")).length;
}

test("fifty sessions have one connection, and each its own messages in order", async () => {
  const { connector, sides } = await router();
  const before = openSockets();
  const clients = await Promise.all(Array.from({ length: 50 }, () => connect(connector)));
  expect(openSockets() - before).toBe(2);
  for (const [index, client] of clients.entries()) {
    for (const number of [1, 2, 3]) client.peer.send(Buffer.from(`${index}:${number}`));
  }
  const all = () => sides.length === 50 && sides.every(({ messages }) => messages.length === 3);
  for (const side of sides) await side.until(() => side.messages.length === 3);
  expect(all()).toBe(true);
  const texts = sides.map(({ messages }) => messages.join(" ")).toSorted();
  expect(texts).toEqual(clients.map((_, index) => `${index}:1 ${index}:2 ${index}:3`).toSorted());
  sides[0]?.peer?.send(Buffer.from("back"));
  const [first] = sides[0]?.messages[0]?.split(":") ?? [];
  const client = clients[Number(first)] as Side;
  await client.until(() => client.messages.includes("back"));
});

test("a session of which a message of 16 MiB waits holds up no other", async () => {
  const { connector, sides } = await router();
  const [one, two] = [await connect(connector), await connect(connector)];
  sides[0]?.peer?.pause();
  one.peer.send(Buffer.alloc(2 ** 24 - 1));
  two.peer.send(Buffer.from("small"));
  await sides[1]?.until(() => sides[1]?.messages.length === 1);
  expect(one.peer.bufferedOctets).toBeGreaterThan(15 * 2 ** 20);
  sides[0]?.peer?.resume();
  await sides[0]?.until(() => sides[0]?.octets === 2 ** 24 - 1);
});

test("a session that ends ends alone, on whichever side", async () => {
  const { connector, sides } = await router();
  const [one, two, three] = await Promise.all([1, 2, 3].map(() => connect(connector)));
  one?.peer.close(1000, "");
  expect(await sides[0]?.closed.promise).toBe("connection closed");
  sides[1]?.peer?.close(1000, "");
  await two?.closed.promise;
  three?.peer.send(Buffer.from("still"));
  await sides[2]?.until(() => sides[2]?.messages.length === 1);
});

test("the end of the connection ends each session; the next ones have a new one", async () => {
  const first = await router();
  const clients = await Promise.all([1, 2, 3].map(() => connect(first.connector)));
  await first.listener.close();
  await Promise.all(clients.map(({ closed }) => closed.promise));
  await expect(connect(first.connector)).rejects.toThrow("Cannot connect to router at");
  const second = await router(trusting, first.path);
  const before = openSockets();
  await Promise.all([1, 2, 3].map(() => connect(first.connector)));
  expect(second.sides).toHaveLength(3);
  expect(openSockets() - before).toBe(2);
});

test("a router that trusts no proxies grants none, and is asked once while it is there", async () => {
  const first = await router({});
  const before = openSockets();
  await Promise.all([1, 2, 3].map(() => connect(first.connector)));
  await connect(first.connector);
  expect(first.sides).toHaveLength(4);
  expect(openSockets() - before).toBe(8);
  expect(first.refused).toEqual([]);
  await first.listener.close();
  await expect(connect(first.connector)).rejects.toThrow("Cannot connect to router at");
  await router(trusting, first.path);
  const again = openSockets();
  await Promise.all([1, 2].map(() => connect(first.connector)));
  expect(openSockets() - again).toBe(2);
});

test("a router that closes the connection at once gets one for each session", async () => {
  const path = newPath();
  const asked: string[] = [];
  const listener = Bun.listen({
    unix: path,
    socket: {
      data(socket, chunk) {
        asked.push(chunk.toHex());
        if (asked.length === 1) socket.end();
        else socket.write(Buffer.from("7ff30000", "hex"));
      },
    },
  });
  afterTest(() => listener.stop(true));
  const connector = new RouterConnector(connectionTo(path));
  await connect(connector);
  await connect(connector);
  expect(asked).toEqual(["7fff0000", "7ff30000", "7ff30000"]);
});

test("a router that grants streams and takes none is asked twice, and the join fails", async () => {
  const path = newPath();
  const closed: Promise<void>[] = [];
  const listener = Bun.listen<() => void>({
    unix: path,
    socket: {
      open(socket) {
        const { promise, resolve } = Promise.withResolvers<void>();
        socket.data = resolve;
        closed.push(promise);
      },
      // The answer, and GoAway.
      data: (socket) =>
        void socket.write(Buffer.from("7fff0000 000300000000000000000000".replace(" ", ""), "hex")),
      close: (socket) => socket.data(),
    },
  });
  afterTest(() => listener.stop(true));
  const connector = new RouterConnector(connectionTo(path));
  await expect(connect(connector)).rejects.toThrow(
    "it takes no sessions on a connection that it has granted",
  );
  expect(closed).toHaveLength(2);
  await Promise.all(closed);
});

test("a session that is not wanted any more leaves the connection to the others", async () => {
  const { connector, sides } = await router();
  const canceled = new AbortController();
  const unwanted = connector.connect({ ...wanted, canceled: canceled.signal }, new Side());
  canceled.abort();
  await expect(unwanted).rejects.toThrow("nobody waits for it any more");
  const other = await connect(connector);
  other.peer.send(Buffer.from("a"));
  await sides[0]?.until(() => sides[0]?.messages.length === 1);
  expect(sides).toHaveLength(1);
});

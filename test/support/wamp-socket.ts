/** A WAMP client over WebSocket that says what a test tells it to say. */

import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { afterTest } from "./cleanups.ts";
import { readable, utf8 } from "./utf8.ts";

export interface WampSocket {
  /** Bun's client, which can also be paused, and pinged. */
  socket: WebSocket;
  says(message: unknown[]): void;
  /** The next message of the server. */
  next(): Promise<unknown[]>;
  /** How the connection ended. */
  closed: Promise<{ code: number; reason: string }>;
  close(): void;
}

/** Connects, and waits until the WebSocket is open; it is cut off once the test has ended. */
export async function wampSocket(
  url: string,
  serializer: SerializerName = "json",
): Promise<WampSocket> {
  const socket = new WebSocket(url, [`wamp.2.${serializer}`]);
  socket.binaryType = "nodebuffer";
  afterTest(() => socket.terminate());
  const messages: unknown[][] = [];
  const wakes: (() => void)[] = [];
  const closed = Promise.withResolvers<{ code: number; reason: string }>();
  socket.onmessage = ({ data }) => {
    messages.push(decodeMessage(utf8(data as string | Buffer), serializer));
    for (const wake of wakes.splice(0)) wake();
  };
  socket.onclose = ({ code, reason }) => closed.resolve({ code, reason });
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  return {
    socket,
    says: (message) => socket.send(readable(encodeMessage(message, serializer), serializer)),
    async next() {
      while (messages.length === 0) await new Promise<void>((resolve) => wakes.push(resolve));
      return messages.shift() ?? [];
    },
    closed: closed.promise,
    close: () => socket.close(),
  };
}

/** Joins a realm and registers; each call waits to be answered by the test. */
export async function registerAuthenticator(url: string, realm: string, procedure: string) {
  const socket = await wampSocket(url);
  const roles = { callee: { features: { call_canceling: true } } };
  socket.says([1, realm, { roles, authmethods: ["anonymous"] }]);
  await socket.next();
  socket.says([64, 1, {}, procedure]);
  await socket.next();
  return {
    /** What the next call asks. */
    async asked() {
      const [type, id, , , args] = await socket.next();
      if (type !== 68) throw new Error(`expected INVOCATION, found message type ${type}`);
      return {
        args: args as [string, string | null, Record<string, unknown>],
        returns: (value: unknown) => socket.says([70, id, {}, [value]]),
        raises: (uri: string, ...said: unknown[]) => socket.says([8, 68, id, {}, uri, said]),
      };
    },
    next: () => socket.next(),
    leave() {
      socket.close();
      return socket.closed;
    },
  };
}

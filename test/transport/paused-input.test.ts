import { describe, expect, test } from "bun:test";
import { constants, deflateRawSync } from "node:zlib";
import type { Peer, WireMessage } from "#wamp/peer.ts";
import { afterTest } from "../support/cleanups.ts";
import { deflating } from "../support/default-options.ts";
import { RawWebSocket } from "../support/raw-websocket.ts";
import { ScriptedClient } from "../support/scripted-client.ts";
import { openTransport, rawSocketTransport, webSocketTransport } from "../support/transports.ts";

/** What one session has been told. */
class Session {
  readonly peer: Peer;
  readonly messages: string[] = [];
  #wakes: (() => void)[] = [];

  constructor(peer: Peer) {
    this.peer = peer;
  }

  take(message: WireMessage): void {
    const text = Buffer.from(message as Uint8Array).toString();
    this.messages.push(text.length > 100 ? `${text.length}` : text);
    for (const wake of this.#wakes.splice(0)) wake();
  }

  async count(count: number): Promise<void> {
    while (this.messages.length < count) {
      await new Promise<void>((resolve) => this.#wakes.push(resolve));
    }
  }
}

/** WebSocket and RawSocket; each session does this at every message. */
async function start(onMessage: (session: Session, message: string) => void) {
  const sessions: Session[] = [];
  const accept = (peer: Peer) => {
    const session = new Session(peer);
    sessions.push(session);
    return {
      onMessage(message: WireMessage) {
        session.take(message);
        onMessage(session, session.messages.at(-1) ?? "");
      },
      onDrain() {},
      onClose() {},
    };
  };
  const max_message_size = 2 ** 21;
  const compression = { deflate: deflating({}) };
  const webSocketConfig = webSocketTransport({ max_message_size, compression });
  const urls = {
    websocket: (await openTransport(webSocketConfig, accept)).url,
    rawsocket: (await openTransport(rawSocketTransport({ max_message_size }), accept)).url,
  };
  return { sessions, urls };
}

async function webSocket(url: string, headers: Record<string, string> = {}) {
  const client = await RawWebSocket.open(url, {
    "Sec-WebSocket-Protocol": "wamp.2.json",
    ...headers,
  });
  afterTest(() => client.destroy());
  return client;
}

async function scripted(url: string) {
  const client = await ScriptedClient.open(url, "json");
  afterTest(() => client.socket.destroy());
  return client;
}

const numbers = (count: number) => Array.from({ length: count }, (_, number) => `[${number}]`);

describe("while a session has paused its peer", () => {
  const pausing = () =>
    start((session, message) => {
      if (message === "[0]") session.peer.pause();
    });

  test.each(["websocket", "rawsocket"] as const)(
    "%s: no message of the same read comes",
    async (kind) => {
      const { sessions, urls } = await pausing();
      const client = await scripted(urls[kind]);
      client.sends(...numbers(1000).map((text) => Buffer.from(text)));
      await sessions[0]?.count(1);
      const other = await scripted(urls[kind]);
      other.sends(Buffer.from("[7]"));
      await sessions[1]?.count(1);
      expect(sessions[0]?.messages).toEqual(["[0]"]);
      sessions[0]?.peer.resume();
      await sessions[0]?.count(1000);
      client.sends(Buffer.from("[1000]"));
      await sessions[0]?.count(1001);
      expect(sessions[0]?.messages).toEqual(numbers(1001));
    },
  );

  test("no message of the same batch comes", async () => {
    const { sessions, urls } = await pausing();
    const client = await webSocket(urls.websocket, {
      "Sec-WebSocket-Protocol": "wamp.2.json.batched",
    });
    client.sendFrame(0x81, Buffer.from(numbers(1000).join("\x18")));
    client.sendFrame(0x81, Buffer.from("[1000]"));
    await sessions[0]?.count(1);
    const other = await scripted(urls.websocket);
    other.sends(Buffer.from("[7]"));
    await sessions[1]?.count(1);
    expect(sessions[0]?.messages).toEqual(["[0]"]);
    sessions[0]?.peer.resume();
    await sessions[0]?.count(1001);
    expect(sessions[0]?.messages).toEqual(numbers(1001));
  });

  test("a burst of compressed messages waits compressed", async () => {
    const { sessions, urls } = await pausing();
    const client = await webSocket(urls.websocket, {
      "Sec-WebSocket-Extensions": "permessage-deflate; client_no_context_takeover",
    });
    const long = deflateRawSync(Buffer.alloc(1_000_000, " "), {
      finishFlush: constants.Z_SYNC_FLUSH,
    }).subarray(0, -4);
    client.sendFrame(0x81, Buffer.from("[0]"));
    for (let count = 0; count < 40; count++) client.sendFrame(0xc1, long);
    await sessions[0]?.count(1);
    const other = await scripted(urls.websocket);
    other.sends(Buffer.from("[7]"));
    await sessions[1]?.count(1);
    expect(sessions[0]?.messages).toEqual(["[0]"]);
    sessions[0]?.peer.resume();
    await sessions[0]?.count(41);
    expect(sessions[0]?.messages.slice(1)).toEqual(Array(40).fill("1000000"));
  });
});

/** Spends this time, as a session does that transcodes much. */
function work(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end) {}
}

describe("a session whose messages take long", () => {
  test.each(["websocket", "rawsocket", "batched"] as const)(
    "lets others be served between them (%s)",
    async (kind) => {
      let others = 0;
      let seenAtOther = 0;
      const { sessions, urls } = await start((session, message) => {
        if (message === "[-1]") {
          others += 1;
          seenAtOther = sessions[0]?.messages.length ?? 0;
        } else if (session === sessions[0]) {
          if (session.messages.length === 1) other.sends(Buffer.from("[-1]"));
          work(2);
        }
      });
      const texts = numbers(400);
      const open = {
        websocket: () => scripted(urls.websocket),
        rawsocket: () => scripted(urls.rawsocket),
        batched: () =>
          webSocket(urls.websocket, { "Sec-WebSocket-Protocol": "wamp.2.json.batched" }),
      };
      const busy = await open[kind]();
      const other = await scripted(urls.rawsocket);
      if (busy instanceof ScriptedClient) busy.sends(...texts.map((text) => Buffer.from(text)));
      else busy.sendFrame(0x81, Buffer.from(texts.join("\x18")));
      await sessions[0]?.count(400);
      expect(sessions[0]?.messages).toEqual(texts);
      expect(others).toBe(1);
      // In the worst case, the turn in which the other's message arrives, and the one before it.
      expect(seenAtOther).toBeLessThan(100);
    },
  );
});

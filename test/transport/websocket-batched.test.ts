import { describe, expect, test } from "bun:test";
import type { Peer, PeerHandler, WireMessage } from "../../src/wamp/peer.ts";
import { afterTest } from "../support/cleanups.ts";
import { openTransport, webSocketTransport } from "../support/transports.ts";

const written = (message: WireMessage) =>
  typeof message === "string" ? message : Buffer.from(message).toString("hex");

/** Writes down what it is told, and sends it back; `[0]` and `00` make it close. */
class Echo implements PeerHandler {
  readonly peer: Peer;
  readonly told: string[] = [];
  readonly drained = Promise.withResolvers<void>();

  constructor(peer: Peer) {
    this.peer = peer;
  }

  onMessage(message: WireMessage): void {
    const isJson = this.peer.serializer === "json";
    const told = isJson ? Buffer.from(message).toString() : written(message);
    this.told.push(told);
    if (told === "[0]") this.peer.close(1000, "asked to");
    else this.peer.send(message);
  }

  onDrain(): void {
    this.drained.resolve();
  }

  onClose(): void {}
}

async function open(protocol: string) {
  const sessions: Echo[] = [];
  const config = webSocketTransport({ max_message_size: 1024 });
  const { url } = await openTransport(config, (peer) => {
    const session = new Echo(peer);
    sessions.push(session);
    return session;
  });
  const client = new WebSocket(url, [protocol]);
  client.binaryType = "nodebuffer";
  afterTest(() => client.terminate());
  const received: string[] = [];
  let wake = () => {};
  client.onmessage = ({ data }) => {
    received.push(written(data));
    wake();
  };
  const closed = new Promise<number>((resolve) => {
    client.onclose = ({ code }) => resolve(code);
  });
  await new Promise((resolve) => {
    client.onopen = resolve;
  });
  const next = async (): Promise<string> => {
    while (received.length === 0) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return received.shift() ?? "";
  };
  const [session] = sessions;
  if (session === undefined) throw new Error("no session was opened");
  return { client, session, next, closed };
}

describe("wamp.2.json.batched", () => {
  test.each([
    ['[1,"\\u001e"]\x1e[2]\x1e', '[1,"\\u001e"]\x1e[2]\x1e'],
    ["[1]\x1e[2]", "[1]\x1e[2]\x1e"],
    ["[1]\x18[2]", "[1]\x18[2]\x18"],
    ["[1]", "[1]\x18"],
  ])("is answered with the octet that ends the client's messages: %j", async (sent, answer) => {
    const { client, next } = await open("wamp.2.json.batched");
    client.send(sent);
    expect(await next()).toBe(answer);
    client.send(answer);
    expect(await next()).toBe(answer);
  });

  test("takes several messages in one, and answers them in one", async () => {
    const { client, session, next } = await open("wamp.2.json.batched");
    expect(client.protocol).toBe("wamp.2.json.batched");
    client.send('[1,"é"]\x18[2]\x18');
    expect(await next()).toBe('[1,"é"]\x18[2]\x18');
    expect(session.told).toEqual(['[1,"é"]', "[2]"]);
  });

  test("takes a last message that is not ended", async () => {
    const { client, next } = await open("wamp.2.json.batched");
    client.send("[1]\x18[2]");
    expect(await next()).toBe("[1]\x18[2]\x18");
  });

  test("sends a message at once, and together what was corked", async () => {
    const { session, next } = await open("wamp.2.json.batched");
    const { peer } = session;
    peer.send(Buffer.from("[1]"));
    peer.cork(() => {
      peer.send(Buffer.from("[2]"));
      peer.send(Buffer.from("[3]"));
    });
    peer.send(Buffer.from("[4]"));
    expect([await next(), await next(), await next()]).toEqual([
      "[1]\x18",
      "[2]\x18[3]\x18",
      "[4]\x18",
    ]);
  });

  test("tells a session of nothing after it closed, and loses nothing before", async () => {
    const { client, session, next, closed } = await open("wamp.2.json.batched");
    client.send("[1]\x18[0]\x18[2]\x18");
    expect(await next()).toBe("[1]\x18");
    expect(await closed).toBe(1000);
    expect(session.told).toEqual(["[1]", "[0]"]);
  });

  test("closes with 1002 on a batch without messages", async () => {
    const { client, closed } = await open("wamp.2.json.batched");
    client.send("");
    expect(await closed).toBe(1002);
  });

  test("counts a batch as one message for max_message_size", async () => {
    const { client, closed } = await open("wamp.2.json.batched");
    client.send(`[1]${"\x18[1]".repeat(300)}`);
    expect(await closed).toBe(1009);
  });
});

describe.each(["wamp.2.cbor.batched", "wamp.2.msgpack.batched"])("%s", (protocol) => {
  test("has a length of 32 bits before each message", async () => {
    const { client, session, next } = await open(protocol);
    client.send(Buffer.from("0000000401020304 00000001 05".replaceAll(" ", ""), "hex"));
    expect(await next()).toBe("00000004010203040000000105");
    expect(session.told).toEqual(["01020304", "05"]);
  });

  test.each(["", "000000", "00000002ff", "0000000105000000"])(
    "closes with 1002 on %p, which ends within a message",
    async (hex) => {
      const { client, closed } = await open(protocol);
      client.send(Buffer.from(hex, "hex"));
      expect(await closed).toBe(1002);
    },
  );

  test("says when the other side is behind, and when it has caught up", async () => {
    const { client, session, next } = await open(protocol);
    const octets = new Uint8Array(256 * 1024);
    client.pause();
    let sent = 1;
    while (session.peer.send(octets)) sent++;
    expect(session.peer.bufferedOctets).toBeGreaterThanOrEqual(1024 * 1024);
    client.resume();
    await session.drained.promise;
    for (let i = 0; i < sent; i++) expect(await next()).toHaveLength(2 * (octets.length + 4));
    expect(session.peer.send(octets)).toBe(true);
  });
});

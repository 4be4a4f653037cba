import { afterEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import type { DeflateOptions } from "#config/options/websocket-config.ts";
import type { WireMessage } from "../../src/wamp/peer.ts";
import { deflating } from "../support/default-options.ts";
import { RawWebSocket } from "../support/raw-websocket.ts";
import { anyPort, openTransport, webSocketTransport } from "../support/transports.ts";
import { echo } from "../support/universal-transport.ts";

const messages: WireMessage[] = [];
afterEach(() => void messages.splice(0));

/** One port with a WebSocket path for each of these; sessions send back what they are told. */
async function start(paths: Record<string, Partial<DeflateOptions> | null>): Promise<string> {
  const serviceOf = (options: Partial<DeflateOptions> | null) => {
    const compression = options === null ? null : { deflate: deflating(options) };
    return webSocketTransport(
      { max_message_size: 100_000, compression },
      { serializers: ["cbor"] },
    );
  };
  const services = Object.entries(paths).map(([name, options]) => [name, serviceOf(options)]);
  const { url } = await openTransport(
    { type: "web", id: "transport000", endpoint: anyPort, paths: Object.fromEntries(services) },
    (peer) => ({
      ...echo(peer),
      onMessage(message) {
        messages.push(message);
        peer.send(message);
      },
    }),
  );
  return new URL(url).origin;
}

function open(url: string, offer: string): Promise<RawWebSocket> {
  return RawWebSocket.open(url, {
    "Sec-WebSocket-Protocol": "wamp.2.cbor",
    "Sec-WebSocket-Extensions": offer,
  });
}

/** What the answer to a handshake says of extensions; undefined: nothing. */
function extensionsOf({ answer }: RawWebSocket): string | undefined {
  return /^Sec-WebSocket-Extensions: (.*)\r$/im.exec(answer)?.[1];
}

/** A compressed message: RSV1, and without the four octets that end a deflate block. */
function sendDeflated(client: RawWebSocket, message: Uint8Array): void {
  const deflated = deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH });
  client.sendFrame(0xc2, deflated.subarray(0, -4));
}

function inflate(payload: Buffer): Buffer {
  const whole = Buffer.concat([payload, Buffer.from("0000ffff", "hex")]);
  return inflateRawSync(whole, { finishFlush: constants.Z_SYNC_FLUSH });
}

describe("compression of a path", () => {
  test("is negotiated by that path, whatever others of the port do", async () => {
    const url = await start({
      narrow: { max_window_bits: 10, request_max_window_bits: 12 },
      single: { no_context_takeover: true, request_no_context_takeover: true },
      open: {},
      plain: null,
    });
    const answers = async (path: string, offer: string) =>
      extensionsOf(await open(`${url}/${path}`, offer));
    const offer = "permessage-deflate; client_max_window_bits";
    expect(await answers("narrow", offer)).toBe(
      "permessage-deflate; server_max_window_bits=10; client_max_window_bits=12",
    );
    expect(await answers("narrow", "permessage-deflate")).toBeUndefined();
    expect(await answers("single", offer)).toBe(
      "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
    );
    expect(await answers("open", offer)).toBe("permessage-deflate");
    expect(await answers("open", "permessage-deflate; server_max_window_bits=9")).toBe(
      "permessage-deflate; server_max_window_bits=9",
    );
    expect(await answers("open", "permessage-deflate; server_max_window_bits=15")).toBe(
      "permessage-deflate; server_max_window_bits=15",
    );
    expect(await answers("plain", offer)).toBeUndefined();
  });

  test("keeps to the window that was agreed", async () => {
    const url = await start({ narrow: { max_window_bits: 9 }, wide: {} });
    // Only a window that reaches back over all of it can use that the start comes again.
    const block = randomBytes(400);
    const message = Buffer.concat([block, randomBytes(2000), block]);
    const compressed = async (path: string) => {
      const client = await open(`${url}/${path}`, "permessage-deflate");
      client.sendFrame(0x82, message);
      const { head, payload } = await client.nextFrame();
      expect(head).toBe(0xc2);
      expect(inflate(payload).equals(message)).toBe(true);
      return payload.length;
    };
    expect(await compressed("narrow")).toBeGreaterThan(message.length);
    expect(await compressed("wide")).toBeLessThan(message.length - 300);
  });

  test("keeps its context from message to message, or drops it, as was agreed", async () => {
    const url = await start({ kept: {}, dropped: { no_context_takeover: true } });
    const message = randomBytes(500);
    const sizes = async (path: string) => {
      const client = await open(`${url}/${path}`, "permessage-deflate");
      client.sendFrame(0x82, message);
      client.sendFrame(0x82, message);
      return [
        (await client.nextFrame()).payload.length,
        (await client.nextFrame()).payload.length,
      ] as const;
    };
    const [first, second] = await sizes("kept");
    expect(second).toBeLessThan(first / 10);
    const [once, again] = await sizes("dropped");
    expect(again).toBe(once);
  });

  test("counts a message by what it is when decompressed", async () => {
    const url = await start({ ws: {} });
    const client = await open(`${url}/ws`, "permessage-deflate");
    sendDeflated(client, Buffer.alloc(100_000));
    await client.nextFrame();
    sendDeflated(client, Buffer.alloc(100_001));
    const { head, payload } = await client.nextFrame();
    expect([head, payload.readUInt16BE()]).toEqual([0x88, 1009]);
    expect(messages).toHaveLength(1);
  });

  test("hands on nothing of a message that would fill the memory", async () => {
    const url = await start({ ws: {} });
    const client = await open(`${url}/ws`, "permessage-deflate");
    sendDeflated(client, Buffer.alloc(50_000_000));
    const { head, payload } = await client.nextFrame();
    expect([head, payload.readUInt16BE()]).toEqual([0x88, 1009]);
    expect(messages).toHaveLength(0);
  });
});

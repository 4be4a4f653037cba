import { describe, expect, spyOn, test } from "bun:test";
import { connect } from "node:net";
import { constants, deflateRawSync } from "node:zlib";
import { DeflateCodec } from "#transport/websocket/permessage-deflate.ts";
import type { Peer } from "#wamp/peer.ts";
import { afterTest } from "../support/cleanups.ts";
import { deflating } from "../support/default-options.ts";
import { RawWebSocket } from "../support/raw-websocket.ts";
import { openTransport, rawSocketTransport, webSocketTransport } from "../support/transports.ts";

/** A transport whose sessions refuse their first message; counts the messages that they get. */
async function start(type: "websocket" | "rawsocket") {
  let messages = 0;
  const closed = Promise.withResolvers<void>();
  const accept = (peer: Peer) => ({
    onMessage() {
      messages += 1;
      peer.close(1002, "refused");
    },
    onDrain() {},
    onClose: () => closed.resolve(),
  });
  const max_message_size = 2 ** 24;
  const { url } = await openTransport(
    type === "websocket"
      ? webSocketTransport({ max_message_size, compression: { deflate: deflating({}) } })
      : rawSocketTransport({ max_message_size }),
    accept,
  );
  return { url, messages: () => messages, closed: closed.promise };
}

const deflated = deflateRawSync(Buffer.alloc(2 ** 24, " "), {
  finishFlush: constants.Z_SYNC_FLUSH,
}).subarray(0, -4);

describe("after a session has refused its client", () => {
  test("no further frame of a WebSocket is decompressed, and its close frame is found", async () => {
    const { url, messages, closed } = await start("websocket");
    const inflate = spyOn(DeflateCodec.prototype, "inflate");
    afterTest(() => inflate.mockRestore());
    const client = await RawWebSocket.open(url, {
      "Sec-WebSocket-Protocol": "wamp.2.json",
      "Sec-WebSocket-Extensions": "permessage-deflate; client_no_context_takeover",
    });
    afterTest(() => client.destroy());
    client.sendFrame(0x81, Buffer.from("[0]"));
    for (let count = 0; count < 50; count++) client.sendFrame(0xc1, deflated);
    // A message in two frames, of which the second is not marked as compressed.
    client.sendFrame(0x41, deflated);
    client.sendFrame(0x80, deflated);
    expect((await client.nextFrame()).payload.readUInt16BE()).toBe(1002);
    client.sendFrame(0x88, Buffer.from("03ea", "hex"));
    await closed;
    expect(messages()).toBe(1);
    expect(inflate).not.toHaveBeenCalled();
  });

  test.each(["wamp.2.json.batched"])("no further message of a batch comes (%s)", async (name) => {
    const { url, messages, closed } = await start("websocket");
    const client = await RawWebSocket.open(url, { "Sec-WebSocket-Protocol": name });
    afterTest(() => client.destroy());
    client.sendFrame(0x81, Buffer.from("[0]\x18".repeat(1000)));
    client.sendFrame(0x81, Buffer.from("[0]\x18".repeat(1000)));
    client.sendFrame(0x88, Buffer.from("03ea", "hex"));
    await closed;
    expect(messages()).toBe(1);
  });

  test("no further frame of a RawSocket comes", async () => {
    const { url, messages, closed } = await start("rawsocket");
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.on("error", () => {}).resume();
    afterTest(() => socket.destroy());
    socket.write(Buffer.from("7ff10000", "hex"));
    socket.write(Buffer.from("000000035b305d".repeat(1000), "hex"));
    await closed;
    expect(messages()).toBe(1);
  });
});

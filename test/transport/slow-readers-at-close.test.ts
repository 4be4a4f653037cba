import { expect, test } from "bun:test";
import { connect } from "node:net";
import type { AcceptPeerWithSession } from "#transport/listener.ts";
import { afterTest } from "../support/cleanups.ts";
import { openTransport, rawSocketTransport, webSocketTransport } from "../support/transports.ts";

const handshakes = {
  rawsocket: Buffer.from("7ff30000", "hex"),
  websocket: Buffer.from(
    [
      "GET / HTTP/1.1",
      "Host: localhost",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Protocol: wamp.2.cbor",
      "\r\n",
    ].join("\r\n"),
  ),
};

const message = Buffer.alloc(400_000, "x");

test.each(["rawsocket", "websocket"] as const)(
  "a %s client that reads only after the connection was closed gets what was sent before",
  async (transport) => {
    const closed = Promise.withResolvers<void>();
    const accept: AcceptPeerWithSession = (peer) => {
      queueMicrotask(() => {
        peer.send(message);
        peer.close(1000, "done");
      });
      return { onMessage() {}, onDrain() {}, onClose: () => closed.resolve() };
    };
    const config = transport === "rawsocket" ? rawSocketTransport() : webSocketTransport();
    const { port } = await openTransport(config, accept);
    const client = connect(port, "127.0.0.1");
    afterTest(() => client.destroy());
    client.write(handshakes[transport]);
    await closed.promise;
    const received: Buffer[] = [];
    client.on("data", (octets: Buffer) => received.push(octets));
    await new Promise((resolve, reject) => client.once("end", resolve).once("error", reject));
    expect(Buffer.concat(received).includes(message)).toBe(true);
  },
);

/**
 * The lower bound for a program on Bun: a relay between WebSocket clients and a length-prefixed Unix
 * socket that does not look at the octets. It sends a RawSocket handshake and skips the answer.
 *
 *     bun bench/bare-relay.ts <unix path> json|cbor          prints its port
 *
 * @module
 */

const [path = "", serializer = "json"] = process.argv.slice(2);
const HANDSHAKE = Buffer.from([0x7f, serializer === "json" ? 0xf1 : 0xf3, 0, 0]);

interface Link {
  router: Bun.Socket | null;
  /** Messages that came before the router was connected. */
  waiting: (string | Buffer)[];
  /** Octets that the system did not take yet. */
  unsent: Buffer[];
  /** The part of a frame that has arrived. */
  partial: Buffer;
  hasHandshake: boolean;
}

function write(link: Link, frame: Buffer): void {
  if (link.router === null) return;
  if (link.unsent.length > 0) link.unsent.push(frame);
  else {
    const written = link.router.write(frame);
    if (written < frame.length) link.unsent.push(frame.subarray(Math.max(0, written)));
  }
}

function send(link: Link, message: string | Buffer): void {
  const length = Buffer.byteLength(message);
  const frame = Buffer.allocUnsafe(4 + length);
  frame.writeUInt32BE(length, 0);
  if (typeof message === "string") frame.write(message, 4);
  else frame.set(message, 4);
  write(link, frame);
}

const server = Bun.serve<Link>({
  hostname: "127.0.0.1",
  port: 0,
  fetch(request, upgrader) {
    const data = {
      router: null,
      waiting: [],
      unsent: [],
      partial: Buffer.alloc(0),
      hasHandshake: false,
    };
    const headers = {
      "Sec-WebSocket-Protocol": request.headers.get("sec-websocket-protocol") ?? "wamp.2.json",
    };
    return upgrader.upgrade(request, { data, headers })
      ? undefined
      : new Response("WebSocket only", { status: 426 });
  },
  websocket: {
    perMessageDeflate: false,
    open(client) {
      const link = client.data;
      void Bun.connect({
        unix: path,
        socket: {
          open(socket) {
            link.router = socket;
            socket.write(HANDSHAKE);
            for (const message of link.waiting.splice(0)) send(link, message);
          },
          data(_, chunk) {
            let octets = link.partial.length > 0 ? Buffer.concat([link.partial, chunk]) : chunk;
            if (!link.hasHandshake) {
              octets = octets.subarray(4);
              link.hasHandshake = true;
            }
            client.cork(() => {
              while (octets.length >= 4) {
                const end = 4 + octets.readUInt32BE(0);
                if (octets.length < end) break;
                const message = octets.subarray(4, end);
                if (serializer === "json") client.sendText(message.toString("utf8"));
                else client.sendBinary(message);
                octets = octets.subarray(end);
              }
            });
            link.partial = octets.length > 0 ? Buffer.from(octets) : Buffer.alloc(0);
          },
          drain(socket) {
            for (let frame = link.unsent[0]; frame !== undefined; frame = link.unsent[0]) {
              const written = socket.write(frame);
              if (written < frame.length) {
                link.unsent[0] = frame.subarray(Math.max(0, written));
                return;
              }
              link.unsent.shift();
            }
          },
          close: () => client.close(),
        },
      });
    },
    message(client, message) {
      if (client.data.router === null) client.data.waiting.push(message);
      else send(client.data, message);
    },
    close: (client) => void client.data.router?.end(),
  },
});
console.log(server.port);

/**
 * A router that does as little as possible, so that the program in front of it is measured: it welcomes
 * every client, answers each CALL with its arguments and each PUBLISH with an EVENT to every
 * subscriber.
 *
 *     bun bench/stub-router.ts <unix path>        prints the port for WebSockets
 *
 * @module
 */

import type { BufferOptions, SessionConfig } from "#config/options/session-config.ts";
import { startTransport } from "#transport/start-transport.ts";
import type { Peer, PeerHandler, WireMessage } from "#wamp/peer.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import { SERIALIZER_NAMES } from "#wamp/serializer-name.ts";
import { rawSocketDefaults, webSocketDefaults } from "../test/support/default-options.ts";
import { quietContext } from "../test/support/quiet-context.ts";

const subscribers = new Set<Peer>();
let sessions = 0;
let publications = 0;

function accept(peer: Peer): PeerHandler {
  const send = (message: unknown[]) => peer.send(encodeMessage(message, peer.serializer));
  return {
    onMessage(message) {
      const answer = answerCall(message);
      if (answer !== null) {
        peer.send(answer);
        return;
      }
      const [type, id, options, uri, ...payload] = decodeMessage(message, peer.serializer);
      if (type === 1) {
        sessions += 1;
        send([2, sessions, welcomeDetails(String(id))]);
      } else if (type === 48) send([50, id, {}, ...payload]);
      else if (type === 32) {
        subscribers.add(peer);
        send([33, id, 1]);
      } else if (type === 16) publish(payload);
      else if (type === 6) send([6, {}, "wamp.close.goodbye_and_out"]);
      else throw new Error(`Cannot answer ${JSON.stringify([type, id, options, uri])}`);
    },
    onBurst: (deliver) => peer.cork(deliver),
    onDrain() {},
    onClose: () => void subscribers.delete(peer),
  };
}

/** Details of WELCOME, with all that Crossbar's proxy requires. */
function welcomeDetails(realm: string) {
  return {
    realm,
    authid: "bench",
    authrole: "anonymous",
    authmethod: "anonymous-proxy",
    authprovider: "static",
    roles: { broker: { features: {} }, dealer: { features: {} } },
  };
}

function publish(payload: unknown[]): void {
  publications += 1;
  const encoded = new Map<string, WireMessage>();
  for (const peer of subscribers) {
    const event =
      encoded.get(peer.serializer) ??
      encodeMessage([36, 1, 2 ** 50 + publications, {}, ...payload], peer.serializer);
    encoded.set(peer.serializer, event);
    peer.send(event);
  }
}

/** The octets of the load generator's CALLs, apart from the request id and the arguments. */
const TEXT_CALL = "[48,";
const TEXT_TAIL = ',{},"bench.echo",';
const BINARY_CALLS = [
  { head: "851830", ids: 0x18, tail: "a06a62656e63682e6563686f", result: "841832", empty: 0xa0 },
  { head: "9530", ids: 0xcc, tail: "80aa62656e63682e6563686f", result: "9432", empty: 0x80 },
].map(({ head, tail, result, ...rest }) => ({
  ...rest,
  head: Buffer.from(head, "hex"),
  tail: Buffer.from(tail, "hex"),
  result: Buffer.from(result, "hex"),
}));

/** The RESULT for a CALL of this form, made from its octets; null for other messages. */
function answerCall(message: WireMessage): WireMessage | null {
  if (message[0] !== 0x5b) return answerBinary(message);
  return answerText(Buffer.from(message.buffer, message.byteOffset, message.length).latin1Slice());
}

function answerText(call: string): Buffer | null {
  if (!call.startsWith(TEXT_CALL)) return null;
  const end = call.indexOf(",", TEXT_CALL.length);
  if (!call.startsWith(TEXT_TAIL, end)) return null;
  const result = `[50,${call.slice(TEXT_CALL.length, end)},{},${call.slice(end + TEXT_TAIL.length)}`;
  return Buffer.from(result, "latin1");
}

function answerBinary(call: Uint8Array): Uint8Array | null {
  for (const { head, ids, tail, result, empty } of BINARY_CALLS) {
    if (call[0] !== head[0] || call[1] !== head[1]) continue;
    const idAt = head.length;
    const first = call[idAt] as number;
    const idEnd = idAt + 1 + (first < ids ? 0 : 2 ** (first - ids));
    for (let at = 0; at < tail.length; at++) if (call[idEnd + at] !== tail[at]) return null;
    const rest = idEnd + tail.length;
    const answer = Buffer.allocUnsafe(result.length + idEnd - idAt + 1 + call.length - rest);
    answer.set(result, 0);
    answer.set(call.subarray(idAt, idEnd), result.length);
    const at = result.length + idEnd - idAt;
    answer[at] = empty;
    answer.set(call.subarray(rest), at + 1);
    return answer;
  }
  return null;
}

const serializers = [...SERIALIZER_NAMES];
const buffers: BufferOptions = { max_buffered: 2 ** 26, stall_timeout: 0, max_outgoing: 2 ** 34 };
const session: SessionConfig = { serializers, auth: {}, backend: null, options: buffers };
const path = process.argv[2] ?? "stub-router.sock";

await startTransport(
  {
    ...session,
    type: "rawsocket",
    id: "unix",
    endpoint: { type: "unix", path, permission: 0o600 },
    options: { ...rawSocketDefaults, ...buffers },
  },
  accept,
  quietContext,
);
const listener = await startTransport(
  {
    ...session,
    type: "websocket",
    id: "tcp",
    endpoint: { type: "tcp", port: 0, interface: "127.0.0.1", shared: false },
    options: {
      ...webSocketDefaults,
      enable_webstatus: false,
      require_websocket_subprotocol: false,
      ...buffers,
    },
  },
  accept,
  quietContext,
);
console.log(new URL(listener.urls[0] as string).port);

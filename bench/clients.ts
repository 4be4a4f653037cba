/**
 * WAMP clients over WebSocket for load generators: sessions, calls, latencies and pace.
 *
 * @module
 */

import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { type PayloadName, payloads } from "./payloads.ts";

/** A message as a WebSocket of Bun takes it. */
export type Frame = string | Buffer;

/** A message of a client with this serializer. */
export function encode(message: unknown[], serializer: SerializerName): Frame {
  const octets = Buffer.from(encodeMessage(message, serializer));
  return serializer === "json" ? octets.toString() : octets;
}

/** The octets of a frame. */
function octetsOf(frame: Frame): Buffer {
  return typeof frame === "string" ? Buffer.from(frame) : frame;
}

const HELLO = [
  1,
  "realm1",
  {
    authmethods: ["anonymous"],
    roles: { caller: {}, callee: {}, publisher: {}, subscriber: {} },
  },
];

/** Opens a session; `onFrame` gets every frame after WELCOME. */
export function join(
  where: string,
  serializer: SerializerName,
  onFrame: (frame: Frame) => void,
): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(where, {
      protocols: [`wamp.2.${serializer}`],
      perMessageDeflate: false,
      tls: { rejectUnauthorized: false },
    } as Bun.WebSocketOptions);
    socket.binaryType = "nodebuffer";
    socket.onopen = () => socket.send(encode(HELLO, serializer));
    socket.onmessage = ({ data }) => {
      const type = decodeMessage(octetsOf(data as Frame), serializer)[0];
      if (type !== 2) reject(new Error(`Cannot join ${where}: answered with message type ${type}`));
      socket.onmessage = (event) => onFrame(event.data as Frame);
      resolve(socket);
    };
    socket.onclose = ({ code, reason }) =>
      reject(new Error(`Cannot join ${where}: closed with ${code} ${reason}`));
  });
}

/** Opens a session, leaves it, and waits until its connection is closed. */
export async function joinAndLeave(where: string, serializer: SerializerName): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const socket = await join(where, serializer, () => socket.close(1000));
  socket.onclose = () => resolve();
  socket.send(encode([6, {}, "wamp.close.normal"], serializer));
  await promise;
}

/** Latencies in milliseconds. */
export class Samples {
  #values: number[] = [];

  add(value: number): void {
    this.#values.push(value);
  }

  take(): { operations: number; p50Ms: number; p99Ms: number } {
    const sorted = Float64Array.from(this.#values).sort();
    this.#values = [];
    const at = (share: number) =>
      sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
    return { operations: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}

/** How the ERROR for a CALL begins, in JSON. */
const ERROR_HEAD = "[8,48,";

/** The request id of a CALL that is answered with ERROR, in JSON; undefined: it is another message. */
export function refusedCall(frame: Frame): number | undefined {
  if (typeof frame !== "string" || !frame.startsWith(ERROR_HEAD)) return undefined;
  return Number.parseInt(frame.slice(ERROR_HEAD.length, ERROR_HEAD.length + 12), 10);
}

/** Makes CALLs with a given request id, and reads the id of a RESULT. */
export function callTemplate(
  serializer: SerializerName,
  payload: PayloadName,
): { of: (id: number) => Frame; idOf: (result: Frame) => number } {
  const argument = payloads[payload];
  if (serializer === "json") {
    const tail = `,{},"bench.echo",${JSON.stringify([argument])}]`;
    return {
      of: (id) => `[48,${id}${tail}`,
      idOf: (result) => Number.parseInt((result as string).slice(4, 16), 10),
    };
  }
  // 0x7fffffff takes five octets; the format permits them for every id below 2^31.
  const call = encode([48, 0x7fffffff, {}, "bench.echo", [argument]], serializer) as Buffer;
  const idAt = serializer === "cbor" ? 4 : 3;
  return {
    of: (id) => {
      call.writeUInt32BE(id, idAt);
      return call;
    },
    idOf: (result) => Number(decodeId(result as Buffer, serializer)),
  };
}

/** The request id of a RESULT, whatever its width. */
function decodeId(result: Buffer, serializer: SerializerName): number {
  const at = serializer === "cbor" ? 3 : 2;
  const first = result[at] as number;
  const [one, two, four] = serializer === "cbor" ? [0x18, 0x19, 0x1a] : [0xcc, 0xcd, 0xce];
  if (first === one) return result[at + 1] as number;
  if (first === two) return result.readUInt16BE(at + 1);
  if (first === four) return result.readUInt32BE(at + 1);
  return first;
}

/** Calls `body` at this rate per second until the timer is cleared; `due` is when the call was due. */
export function pace(rate: number, body: (index: number, due: number) => void): Timer {
  const startedAt = performance.now();
  let index = 0;
  return setInterval(() => {
    const now = performance.now();
    for (;;) {
      const due = startedAt + (index * 1000) / rate;
      if (due > now) return;
      body(index++, due);
    }
  }, 1);
}

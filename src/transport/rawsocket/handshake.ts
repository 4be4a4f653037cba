/**
 * The RawSocket handshake of both roles, as pure functions: `7F`, length and serializer, `00 00`.
 *
 * @module
 */

import { serializers } from "#wamp/serializer/serializers.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MAX_FRAME_OCTETS } from "./frame-header.ts";

/** Octets of a handshake, in either direction. */
export const HANDSHAKE_OCTETS = 4;

const MAGIC = 0x7f;

/**
 * In place of a serializer: from now on the connection carries the streams of yamux, each of them a RawSocket
 * connection of its own. WAMP reserves this number, so other routers refuse it, or close the connection.
 */
const MULTIPLEXED = 15;

/** Error numbers of a refusing answer. */
const Refusal = { serializer: 1, length: 2, reservedBits: 3, connections: 4 } as const;

const REFUSAL_SENTENCES: Record<number, string> = {
  [Refusal.serializer]: "the serializer is not supported",
  [Refusal.length]: "the maximum message length is not acceptable",
  [Refusal.reservedBits]: "reserved bits are not zero",
  [Refusal.connections]: "there are too many connections",
};

/** What one side announces in its handshake. */
export interface HandshakeOptions {
  serializer: SerializerName;
  /** Longest message that it accepts; announced as the next power of two. */
  maxOctets: number;
}

/** The outcome of a handshake. */
export interface Agreement {
  serializer: SerializerName;
  maxSendOctets: number;
  maxReceiveOctets: number;
}

/** A listener's answer: the reply, and the agreement or a sentence why there is none. */
export type Answer =
  | { agreement: Agreement | "multiplexed"; reply: Uint8Array }
  | { agreement: null; reply: Uint8Array | null; sentence: string; isExpected?: true };

/** What a listener accepts. */
export interface AcceptedHandshakes {
  serializers: readonly SerializerName[];
  maxOctets: number;
  /** Whether a connection may carry several sessions. */
  mayMultiplex: boolean;
}

/** The handshake that a connecting side sends. */
export function handshakeRequest(options: HandshakeOptions): Uint8Array {
  return octetsFor(
    lengthNumber(options.maxOctets),
    serializers[options.serializer].rawSocketNumber,
  );
}

/** The handshake that asks for a connection of several sessions. */
export function multiplexedRequest(): Uint8Array {
  return octetsFor(15, MULTIPLEXED);
}

/** Whether a listener's answer grants that. */
export function grantsMultiplexed(answer: Uint8Array): boolean {
  return Buffer.compare(answer, multiplexedRequest()) === 0;
}

/** Answers a connecting side; other protocols than RawSocket get no reply. */
export function answerHandshake(request: Uint8Array, accepted: AcceptedHandshakes): Answer {
  if (request[0] !== MAGIC) {
    return { agreement: null, reply: null, sentence: "the first octet is not 7F" };
  }
  if (request[2] !== 0 || request[3] !== 0) return refuse(Refusal.reservedBits);
  const second = request[1] as number;
  if ((second & 0x0f) === MULTIPLEXED) {
    return accepted.mayMultiplex
      ? { agreement: "multiplexed", reply: multiplexedRequest() }
      : { ...refuse(Refusal.serializer), isExpected: true };
  }
  const serializer = accepted.serializers.find(
    (name) => serializers[name].rawSocketNumber === (second & 0x0f),
  );
  if (serializer === undefined) return refuse(Refusal.serializer);
  const length = lengthNumber(accepted.maxOctets);
  return {
    agreement: {
      serializer,
      maxSendOctets: octetsOfLengthNumber(second >>> 4),
      maxReceiveOctets: octetsOfLengthNumber(length),
    },
    reply: octetsFor(length, serializers[serializer].rawSocketNumber),
  };
}

/** The reply to a client beyond the connection limit, even before its handshake. */
export function tooManyConnections(): Uint8Array {
  return octetsFor(Refusal.connections, 0);
}

/** Reads a listener's answer: the agreement, or a sentence why there is none. */
export function readHandshakeAnswer(
  answer: Uint8Array,
  options: HandshakeOptions,
): Agreement | string {
  if (answer[0] !== MAGIC) return "the answer is not RawSocket";
  const second = answer[1] as number;
  if ((second & 0x0f) === 0) {
    const reason = REFUSAL_SENTENCES[second >>> 4] ?? `error ${second >>> 4}`;
    return `the RawSocket handshake was refused: ${reason}`;
  }
  if (answer[2] !== 0 || answer[3] !== 0) return "reserved bits of the RawSocket answer are set";
  if ((second & 0x0f) !== serializers[options.serializer].rawSocketNumber) {
    return `the RawSocket answer names another serializer than ${options.serializer}`;
  }
  return {
    serializer: options.serializer,
    maxSendOctets: octetsOfLengthNumber(second >>> 4),
    maxReceiveOctets: octetsOfLengthNumber(lengthNumber(options.maxOctets)),
  };
}

/** Gathers the four octets of a handshake, which may come one by one. */
export class HandshakeCollector {
  readonly octets = new Uint8Array(HANDSHAKE_OCTETS);
  /** Whether the connection may carry several sessions. */
  readonly mayMultiplex: boolean;
  #count = 0;

  constructor(mayMultiplex = false) {
    this.mayMultiplex = mayMultiplex;
  }

  /** Whether all octets have arrived. */
  get isComplete(): boolean {
    return this.#count === HANDSHAKE_OCTETS;
  }

  /** Whether the octets so far begin no RawSocket handshake. */
  get isForeign(): boolean {
    return this.#count > 0 && this.octets[0] !== MAGIC;
  }

  /** Takes the octets of the handshake; gives the remainder of the chunk. */
  push(chunk: Uint8Array): Uint8Array {
    const taken = Math.min(chunk.length, HANDSHAKE_OCTETS - this.#count);
    this.octets.set(chunk.subarray(0, taken), this.#count);
    this.#count += taken;
    return chunk.subarray(taken);
  }
}

function octetsFor(high: number, low: number): Uint8Array {
  return Uint8Array.of(MAGIC, (high << 4) | low, 0, 0);
}

function refuse(error: (typeof Refusal)[keyof typeof Refusal]) {
  const sentence = REFUSAL_SENTENCES[error] as string;
  return { agreement: null, reply: octetsFor(error, 0), sentence } as const;
}

/** The number for a length: 0 is 512 octets, each step doubles, 15 is 16 MiB. */
function lengthNumber(maxOctets: number): number {
  return Math.min(15, Math.max(0, Math.ceil(Math.log2(maxOctets)) - 9));
}

function octetsOfLengthNumber(length: number): number {
  return Math.min(2 ** (length + 9), MAX_FRAME_OCTETS);
}

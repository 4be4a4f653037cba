/**
 * permessage-deflate (RFC 7692): its negotiation with a client, and the codec for the agreed parameters.
 *
 * Each message is compressed by a zlib run of its own. A context kept between messages is given to the next
 * run as its dictionary. So an idle connection holds at most one window of octets for each direction,
 * and a decompressed message never grows beyond its limit.
 *
 * Long messages are decompressed by zlib's threads, one after the other, so that they neither hold up the
 * event loop nor are in memory all at the same time.
 *
 * @module
 */

import { constants, deflateRawSync, inflateRaw, inflateRawSync, type ZlibOptions } from "node:zlib";
import { errorCodeOf } from "#base/failure.ts";
import { holdMessageMemory } from "#base/message-memory.ts";
import { giveOctets } from "#base/octet-ownership.ts";
import type { DeflateOptions } from "#config/options/websocket-config.ts";
import type { Inflated, Inflater } from "./frame-decoder.ts";

/** The end of every flushed run, which is not sent (RFC 7692, section 7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const MAX_WINDOW_BITS = 15;
/** zlib uses 9 where 8 is requested, which a client that asked for 8 could not read. */
const MIN_WINDOW_BITS = 9;
/**
 * Longest dictionary for sending, even where the window is larger: preparing one of 32 KiB costs three
 * times as much as compressing a small message.
 */
const MAX_DICTIONARY_OCTETS = 8 * 1024;

/** Longest message, compressed or not, that is decompressed on the event loop. */
const SHORT_MESSAGE_OCTETS = 512 * 1024;

/** Octets of output that zlib's threads give at a time. */
const INFLATE_STEP_OCTETS = 256 * 1024;

/** The last long message of the process that is decompressed, or waits for that. */
let lastInflation: Promise<unknown> = Promise.resolve();

/** Longest message that is compressed: compressing takes its time on the event loop. */
export const LONGEST_COMPRESSED_OCTETS = 1024 * 1024;

/** The negotiated parameters. */
export interface DeflateAgreement {
  /** Value of Sec-WebSocket-Extensions in the answer. */
  header: string;
  /** Window and context for messages of the server, and of the client. */
  server: { windowBits: number; keepsContext: boolean };
  client: { windowBits: number; keepsContext: boolean };
}

/** Accepts the client's first offer that fits the path's options; null: no compression. */
export function agreeOnDeflate(
  offers: string | null,
  options: DeflateOptions,
): DeflateAgreement | null {
  for (const offer of (offers ?? "").split(",")) {
    const agreement = answerOffer(offer, options);
    if (agreement !== null) return agreement;
  }
  return null;
}

function answerOffer(offer: string, options: DeflateOptions): DeflateAgreement | null {
  const [name, ...parts] = offer.split(";").map((part) => part.trim());
  if (name !== "permessage-deflate") return null;
  const parameters = readParameters(parts);
  if (parameters === null) return null;
  const answer = ["permessage-deflate"];

  const serverBits = Math.min(
    options.max_window_bits,
    Number(parameters.get("server_max_window_bits") ?? MAX_WINDOW_BITS),
  );
  if (serverBits < MIN_WINDOW_BITS) return null;
  // An offered parameter has to be answered, whatever its value (section 7.1.2.1).
  if (serverBits < MAX_WINDOW_BITS || parameters.has("server_max_window_bits"))
    answer.push(`server_max_window_bits=${serverBits}`);
  const serverKeeps = !options.no_context_takeover && !parameters.has("server_no_context_takeover");
  if (!serverKeeps) answer.push("server_no_context_takeover");

  const offered = parameters.get("client_max_window_bits");
  const requested = options.request_max_window_bits || MAX_WINDOW_BITS;
  // Only a client that offers the parameter can be asked to limit its window.
  if (offered === undefined && requested < MAX_WINDOW_BITS) return null;
  const clientBits = Math.min(requested, Number(offered || MAX_WINDOW_BITS));
  if (clientBits < MAX_WINDOW_BITS) answer.push(`client_max_window_bits=${clientBits}`);
  const clientKeeps =
    !options.request_no_context_takeover && !parameters.has("client_no_context_takeover");
  if (!clientKeeps) answer.push("client_no_context_takeover");

  return {
    header: answer.join("; "),
    server: { windowBits: serverBits, keepsContext: serverKeeps },
    client: { windowBits: Math.max(MIN_WINDOW_BITS, clientBits), keepsContext: clientKeeps },
  };
}

/** The parameters of an offer; null when one is unknown, repeated or of a wrong value. */
function readParameters(parts: readonly string[]): Map<string, string> | null {
  const parameters = new Map<string, string>();
  for (const part of parts) {
    const [name = "", value] = part.split("=").map((word) => word.trim());
    const unquoted = value?.replace(/^"(.*)"$/, "$1");
    if (parameters.has(name)) return null;
    if (name === "server_no_context_takeover" || name === "client_no_context_takeover") {
      if (unquoted !== undefined) return null;
    } else if (name === "server_max_window_bits" || name === "client_max_window_bits") {
      const isBits = /^([89]|1[0-5])$/.test(unquoted ?? "");
      if (!isBits && (unquoted !== undefined || name === "server_max_window_bits")) return null;
    } else {
      return null;
    }
    parameters.set(name, unquoted ?? "");
  }
  return parameters;
}

/** Compresses and decompresses the messages of one connection. */
export class DeflateCodec implements Inflater {
  readonly #agreement: DeflateAgreement;
  readonly #memoryLevel: number;
  #sent = Buffer.alloc(0);
  #received = Buffer.alloc(0);

  /** `memoryLevel`: 1 to 9, as in zlib. */
  constructor(agreement: DeflateAgreement, memoryLevel: number) {
    this.#agreement = agreement;
    this.#memoryLevel = memoryLevel;
  }

  /** Compresses a message. */
  deflate(message: Uint8Array): Uint8Array {
    const { windowBits, keepsContext } = this.#agreement.server;
    const deflated = deflateRawSync(message, {
      windowBits,
      memLevel: this.#memoryLevel,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(this.#sent.length > 0 && { dictionary: this.#sent }),
    });
    if (keepsContext) {
      const octets = Math.min(2 ** windowBits, MAX_DICTIONARY_OCTETS);
      this.#sent = lastOctets(this.#sent, message, octets);
    }
    return deflated.subarray(0, deflated.length - TAIL.length);
  }

  /** Decompresses a message of at most `maxOctets`; a long one in another thread. */
  inflate(octets: Uint8Array, maxOctets: number): Inflated | Promise<Inflated> {
    const compressed = Buffer.concat([octets, TAIL]);
    if (octets.length <= SHORT_MESSAGE_OCTETS) {
      const inflated = this.#inflateNow(compressed, Math.min(maxOctets, SHORT_MESSAGE_OCTETS));
      if (inflated !== "too long" || maxOctets <= SHORT_MESSAGE_OCTETS) return inflated;
    }
    holdMessageMemory(compressed.length);
    const later = lastInflation.then(() => this.#inflateInThread(compressed, maxOctets));
    lastInflation = later;
    return later.finally(() => holdMessageMemory(-compressed.length));
  }

  #inflateNow(compressed: Buffer, maxOctets: number): Inflated {
    try {
      return this.#keepContext(inflateRawSync(compressed, this.#inflateOptions(maxOctets)));
    } catch (thrown) {
      return faultOf(thrown);
    }
  }

  #inflateInThread(compressed: Buffer, maxOctets: number): Promise<Inflated> {
    const options = { ...this.#inflateOptions(maxOctets), chunkSize: INFLATE_STEP_OCTETS };
    return new Promise((resolve) => {
      inflateRaw(compressed, options, (error, message) => {
        resolve(error === null ? giveOctets(this.#keepContext(message)) : faultOf(error));
      });
    });
  }

  #inflateOptions(maxOctets: number): ZlibOptions {
    return {
      windowBits: MAX_WINDOW_BITS,
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: Math.max(1, maxOctets),
      ...(this.#received.length > 0 && { dictionary: this.#received }),
    };
  }

  /** Keeps the end of a decompressed message as the context of the next one. */
  #keepContext(message: Buffer): Buffer {
    const { windowBits, keepsContext } = this.#agreement.client;
    if (keepsContext) this.#received = lastOctets(this.#received, message, 2 ** windowBits);
    return message;
  }
}

function faultOf(thrown: unknown): "too long" | "malformed" {
  return errorCodeOf(thrown) === "ERR_BUFFER_TOO_LARGE" ? "too long" : "malformed";
}

/** The last `size` octets of all messages so far. */
function lastOctets(before: Buffer, message: Uint8Array, size: number): Buffer<ArrayBuffer> {
  if (message.length >= size) return Buffer.from(message.subarray(message.length - size));
  const kept = before.subarray(Math.max(0, before.length + message.length - size));
  return Buffer.concat([kept, message]);
}

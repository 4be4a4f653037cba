/**
 * permessage-deflate (RFC 7692): what is agreed with a client, and the codec that follows from it.
 *
 * Each message is a run of zlib of its own. The context that two sides may keep between messages
 * is handed to the next run as its dictionary, so an idle connection holds at most a window of
 * octets for each direction, and no decompressed message grows beyond its limit.
 *
 * @module
 */

import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import type { DeflateOptions } from "#config/node-config.ts";
import type { Inflater } from "./frame-decoder.ts";

/** What ends every flushed run; it is left out on the wire (RFC 7692, section 7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);
const LARGEST_WINDOW_BITS = 15;
/** zlib takes 8 for 9, which a client that asked for 8 could not read. */
const SMALLEST_WINDOW_BITS = 9;
/**
 * How much of what was sent a message may refer to, though the window be larger: preparing a
 * dictionary of 32 KiB costs three times what compressing a small message does.
 */
const MOST_REMEMBERED_OCTETS = 8 * 1024;

/** What both sides agreed to. */
export interface DeflateAgreement {
  /** The header of the answer. */
  header: string;
  /** Window and context of what we send, and of what the client sends. */
  server: { windowBits: number; keepsContext: boolean };
  client: { windowBits: number; keepsContext: boolean };
}

/** The first offer of the client that fits the path's options; null: nothing is compressed. */
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
  const wanted = readParameters(parts);
  if (wanted === null) return null;
  const answer = ["permessage-deflate"];

  const serverBits = Math.min(
    options.max_window_bits,
    Number(wanted.get("server_max_window_bits") ?? LARGEST_WINDOW_BITS),
  );
  if (serverBits < SMALLEST_WINDOW_BITS) return null;
  // Whoever names the parameter has to have it answered, whatever its value (section 7.1.2.1).
  if (serverBits < LARGEST_WINDOW_BITS || wanted.has("server_max_window_bits"))
    answer.push(`server_max_window_bits=${serverBits}`);
  const serverKeeps = !options.no_context_takeover && !wanted.has("server_no_context_takeover");
  if (!serverKeeps) answer.push("server_no_context_takeover");

  const offered = wanted.get("client_max_window_bits");
  const asked = options.request_max_window_bits || LARGEST_WINDOW_BITS;
  // A client that does not offer to limit its window cannot be asked to.
  if (offered === undefined && asked < LARGEST_WINDOW_BITS) return null;
  const clientBits = Math.min(asked, Number(offered || LARGEST_WINDOW_BITS));
  if (clientBits < LARGEST_WINDOW_BITS) answer.push(`client_max_window_bits=${clientBits}`);
  const clientKeeps =
    !options.request_no_context_takeover && !wanted.has("client_no_context_takeover");
  if (!clientKeeps) answer.push("client_no_context_takeover");

  return {
    header: answer.join("; "),
    server: { windowBits: serverBits, keepsContext: serverKeeps },
    client: { windowBits: Math.max(SMALLEST_WINDOW_BITS, clientBits), keepsContext: clientKeeps },
  };
}

/** The parameters of an offer; null when one is unknown, doubled or of a wrong value. */
function readParameters(parts: readonly string[]): Map<string, string> | null {
  const parameters = new Map<string, string>();
  for (const part of parts) {
    const [name = "", value] = part.split("=").map((word) => word.trim());
    const plain = value?.replace(/^"(.*)"$/, "$1");
    if (parameters.has(name)) return null;
    if (name === "server_no_context_takeover" || name === "client_no_context_takeover") {
      if (plain !== undefined) return null;
    } else if (name === "server_max_window_bits" || name === "client_max_window_bits") {
      const isBits = /^([89]|1[0-5])$/.test(plain ?? "");
      if (!isBits && (plain !== undefined || name === "server_max_window_bits")) return null;
    } else {
      return null;
    }
    parameters.set(name, plain ?? "");
  }
  return parameters;
}

/** Compresses and resolves the messages of one connection. */
export class DeflateCodec implements Inflater {
  readonly #agreement: DeflateAgreement;
  readonly #memoryLevel: number;
  #sent = Buffer.alloc(0);
  #received = Buffer.alloc(0);

  /** `memoryLevel`: 1 to 9, as zlib has it. */
  constructor(agreement: DeflateAgreement, memoryLevel: number) {
    this.#agreement = agreement;
    this.#memoryLevel = memoryLevel;
  }

  /** The octets of a compressed message. */
  deflate(message: Uint8Array): Uint8Array {
    const { windowBits, keepsContext } = this.#agreement.server;
    const deflated = deflateRawSync(message, {
      windowBits,
      memLevel: this.#memoryLevel,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(this.#sent.length > 0 && { dictionary: this.#sent }),
    });
    if (keepsContext) {
      const octets = Math.min(2 ** windowBits, MOST_REMEMBERED_OCTETS);
      this.#sent = lastOctets(this.#sent, message, octets);
    }
    return deflated.subarray(0, deflated.length - TAIL.length);
  }

  /** The message, no longer than that. */
  inflate(octets: Uint8Array, maxOctets: number): Uint8Array | "malformed" | "too long" {
    const { windowBits, keepsContext } = this.#agreement.client;
    let message: Buffer;
    try {
      message = inflateRawSync(Buffer.concat([octets, TAIL]), {
        windowBits: LARGEST_WINDOW_BITS,
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: Math.max(1, maxOctets),
        ...(this.#received.length > 0 && { dictionary: this.#received }),
      });
    } catch (thrown) {
      const isTooLong = (thrown as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
      return isTooLong ? "too long" : "malformed";
    }
    if (keepsContext) {
      this.#received = lastOctets(this.#received, message, 2 ** windowBits);
    }
    return message;
  }
}

/** The last octets of what was said so far. */
function lastOctets(before: Buffer, message: Uint8Array, size: number): Buffer<ArrayBuffer> {
  if (message.length >= size) return Buffer.from(message.subarray(message.length - size));
  const kept = before.subarray(Math.max(0, before.length + message.length - size));
  return Buffer.concat([kept, message]);
}

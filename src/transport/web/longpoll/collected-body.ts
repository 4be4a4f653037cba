/**
 * CollectedBody: the body of a request that is wanted whole, up to a limit, and counted among the incomplete messages
 * of the worker while it comes.
 *
 * @module
 */

import { MessageCollector } from "#transport/endpoint/message-collector.ts";
import { BodyDecoder, type DecodedState } from "#transport/http/body-decoder.ts";
import type { BodyFraming } from "#transport/http/http-request.ts";

/** How much a body may take. */
export interface BodyLimits {
  /** Its longest. */
  maxOctets: number;
  /** What the incomplete messages of all clients of the worker may take when it grows. */
  maxIncomplete: number;
}

/** What the octets so far are. */
export type CollectedState = DecodedState | "too long" | "too much memory";

/** Collects one body. */
export class CollectedBody {
  readonly #limits: BodyLimits;
  readonly #decoder: BodyDecoder;
  readonly #collector: MessageCollector;
  #fault: "too long" | "too much memory" | null = null;

  constructor(framing: BodyFraming, limits: BodyLimits) {
    this.#limits = limits;
    this.#decoder = new BodyDecoder(framing);
    this.#collector = new MessageCollector(limits.maxIncomplete);
    this.#check();
  }

  /** Octets so far. */
  get length(): number {
    return this.#collector.length;
  }

  /** Takes the next octets (the first call may have none); to be called until it answers anything but incomplete. */
  push(chunk: Uint8Array): CollectedState {
    if (this.#fault !== null) return this.#fault;
    const state = this.#decoder.push(chunk, (octets) => this.#append(octets));
    this.#check();
    return this.#fault ?? state;
  }

  /** Octets that came after the body; borrowed. */
  get octetsAfterBody(): Uint8Array {
    return this.#decoder.octetsAfterBody;
  }

  /** The whole body, which may be taken. */
  take(): Uint8Array {
    return this.#collector.take();
  }

  /** Discards what has come. */
  drop(): void {
    this.#collector.drop();
  }

  #append(octets: Uint8Array): void {
    if (this.#fault !== null) return;
    const isTaken = this.#collector.append(octets, 0, octets.length, this.#decoder.missing);
    if (!isTaken) this.#fault = "too much memory";
  }

  #check(): void {
    const announced = this.#collector.length + this.#decoder.missing;
    if (announced > this.#limits.maxOctets) this.#fault ??= "too long";
  }
}

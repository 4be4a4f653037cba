/**
 * RequestBody: gathers the body of one HTTP request from pieces of any size, up to a limit.
 *
 * @module
 */

import { OctetCollector } from "#transport/endpoint/octet-collector.ts";
import { BodyDecoder, type DecodedState } from "./body-decoder.ts";
import type { BodyFraming } from "./http-request.ts";

/** What the octets so far are. */
export type BodyState = DecodedState | "too long" | "too much memory";

/** Holds the octets of a body that is not complete. */
export interface BodyCollector {
  readonly length: number;
  /** Appends octets from `start` up to `end`; `announced` follow. False: they would take too much memory. */
  append(chunk: Uint8Array, start: number, end: number, announced: number): boolean;
  take(): Uint8Array;
  drop(): void;
}

/** Gathers a body. */
export class RequestBody {
  readonly #limit: number;
  readonly #collector: BodyCollector;
  readonly #decoder: BodyDecoder;
  #fault: "too long" | "too much memory" | null = null;

  /** A MessageCollector counts the body among the incomplete messages of the worker. */
  constructor(
    framing: BodyFraming,
    limit: number,
    collector: BodyCollector = new OctetCollector(),
  ) {
    this.#limit = limit;
    this.#collector = collector;
    this.#decoder = new BodyDecoder(framing);
    this.#checkLength();
  }

  /** Octets so far. */
  get length(): number {
    return this.#collector.length;
  }

  /** Takes the next octets (the first call may have none); to be called until it answers anything but incomplete. */
  push(chunk: Uint8Array): BodyState {
    if (this.#fault !== null) return this.#fault;
    const state = this.#decoder.push(chunk, (octets) => this.#append(octets));
    this.#checkLength();
    return this.#fault ?? state;
  }

  /** Octets that came after the body in the same chunk; borrowed. */
  get octetsAfterBody(): Uint8Array {
    return this.#decoder.octetsAfterBody;
  }

  /** The whole body. */
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

  #checkLength(): void {
    const announced = this.#collector.length + this.#decoder.missing;
    if (announced > this.#limit) this.#fault ??= "too long";
  }
}

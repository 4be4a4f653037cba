/**
 * RequestBody: gathers the body of one HTTP request from pieces of any size, up to a limit.
 *
 * @module
 */

import { OctetCollector } from "#transport/endpoint/octet-collector.ts";
import { BodyDecoder, type DecodedState } from "./body-decoder.ts";
import type { BodyFraming } from "./http-request.ts";

/** What the octets so far are. */
export type BodyState = DecodedState | "too long";

/** Gathers a body. */
export class RequestBody {
  readonly #limit: number;
  readonly #all = new OctetCollector();
  readonly #decoder: BodyDecoder;

  constructor(framing: BodyFraming, limit: number) {
    this.#limit = limit;
    this.#decoder = new BodyDecoder(framing);
  }

  /** Takes the next octets (the first call may have none); to be called until it answers anything but incomplete. */
  push(chunk: Uint8Array): BodyState {
    if (this.#isTooLong) return "too long";
    const state = this.#decoder.push(chunk, (octets) => {
      if (!this.#isTooLong) this.#all.append(octets);
    });
    return this.#isTooLong ? "too long" : state;
  }

  /** Octets that came after the body in the same chunk; borrowed. */
  get octetsAfterBody(): Uint8Array {
    return this.#decoder.octetsAfterBody;
  }

  /** The whole body. */
  take(): Buffer {
    return this.#all.octets;
  }

  get #isTooLong(): boolean {
    return this.#all.length + this.#decoder.missing > this.#limit;
  }
}

/**
 * ProxiedBody: the body of a client's request as it goes to the upstream server while it comes, with its length
 * or in chunks.
 *
 * @module
 */

import { BodyDecoder, type DecodedState } from "#transport/http/body-decoder.ts";
import { LAST_CHUNK, sendChunk } from "#transport/http/chunk.ts";
import type { BodyFraming } from "#transport/http/http-request.ts";

/** One body, without its trailer fields. */
export class ProxiedBody {
  readonly #decoder: BodyDecoder;
  readonly #isChunked: boolean;

  constructor(framing: BodyFraming) {
    this.#decoder = new BodyDecoder(framing);
    this.#isChunked = framing.kind === "chunked";
  }

  /**
   * Takes the client's next octets (the first call may have none), and calls `send` with those for the server; to
   * be called until it answers anything but incomplete.
   */
  push(chunk: Uint8Array, send: (octets: Uint8Array) => void): DecodedState {
    const take = this.#isChunked ? (octets: Uint8Array) => sendChunk(octets, send) : send;
    const state = this.#decoder.push(chunk, take);
    if (state === "complete" && this.#isChunked) send(LAST_CHUNK);
    return state;
  }

  /** Octets of the client that came after the body; borrowed. */
  get octetsAfterBody(): Uint8Array {
    return this.#decoder.octetsAfterBody;
  }
}

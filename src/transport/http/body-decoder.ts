/**
 * BodyDecoder: finds the end of a body and passes on its octets as they come, without keeping any (RFC 9112,
 * sections 6 and 7.1).
 *
 * @module
 */

import { isField } from "./header-fields.ts";
import type { BodyFraming } from "./http-request.ts";

const LINE_FEED = 0x0a;

/** Longest line with a chunk's size, or in the trailer section, in octets. */
const MAX_LINE_OCTETS = 1024;

/** Most lines in the trailer section, which is ignored. */
const MAX_TRAILER_LINES = 64;

/** What the octets so far are. */
export type DecodedState = "incomplete" | "complete" | "malformed";

/** Decodes one body. */
export class BodyDecoder {
  readonly #isChunked: boolean;
  #missing: number;
  #expects: "data" | "chunk head" | "chunk end" | "trailer" = "data";
  #line = "";
  #octetsAfter: Uint8Array = new Uint8Array(0);
  #trailerLines = 0;

  constructor(framing: BodyFraming) {
    this.#isChunked = framing.kind === "chunked";
    this.#missing = framing.kind === "length" ? framing.octets : 0;
    if (this.#isChunked) this.#expects = "chunk head";
  }

  /** Octets of the body, or of its present chunk, that are announced and have not come. */
  get missing(): number {
    return this.#missing;
  }

  /**
   * Takes the next octets (the first call may have none), and calls `take` with those of the body, which are
   * borrowed; to be called until it answers anything but incomplete.
   */
  push(chunk: Uint8Array, take: (octets: Uint8Array) => void): DecodedState {
    let at = 0;
    for (;;) {
      if (this.#expects === "data") {
        const taken = Math.min(this.#missing, chunk.length - at);
        this.#missing -= taken;
        if (taken > 0) take(chunk.subarray(at, at + taken));
        at += taken;
        if (this.#missing > 0) return "incomplete";
        if (!this.#isChunked) return this.#complete(chunk.subarray(at));
        this.#expects = "chunk end";
      }
      const end = chunk.indexOf(LINE_FEED, at);
      const stop = end < 0 ? chunk.length : end + 1;
      if (this.#line.length + stop - at > MAX_LINE_OCTETS) return "malformed";
      this.#line += Buffer.from(chunk.subarray(at, stop)).toString("latin1");
      at = stop;
      if (end < 0) return "incomplete";
      const state = this.#readLine();
      if (state === "complete") return this.#complete(chunk.subarray(at));
      if (state === "malformed") return state;
    }
  }

  /** Octets that came after the body in the same chunk; borrowed. */
  get octetsAfterBody(): Uint8Array {
    return this.#octetsAfter;
  }

  #complete(octetsAfter: Uint8Array): DecodedState {
    this.#octetsAfter = octetsAfter;
    return "complete";
  }

  #readLine(): DecodedState {
    const line = this.#line;
    this.#line = "";
    if (!line.endsWith("\r\n")) return "malformed";
    const text = line.slice(0, -2);
    if (this.#expects === "chunk end") {
      if (text !== "") return "malformed";
      this.#expects = "chunk head";
      return "incomplete";
    }
    if (this.#expects === "trailer") {
      if (text === "") return "complete";
      if (!isField(text)) return "malformed";
      return ++this.#trailerLines > MAX_TRAILER_LINES ? "malformed" : "incomplete";
    }
    const size = /^0*([0-9a-fA-F]{1,8})(?:[\t ]*;[\t\x20-\x7e\x80-\xff]*)?$/.exec(text)?.[1];
    if (size === undefined) return "malformed";
    this.#missing = Number.parseInt(size, 16);
    this.#expects = this.#missing === 0 ? "trailer" : "data";
    return "incomplete";
  }
}

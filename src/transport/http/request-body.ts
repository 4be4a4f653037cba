/**
 * RequestBody: gathers the body of one HTTP request from pieces of any size, up to a limit (RFC 9112,
 * section 6: Content-Length or chunked).
 *
 * @module
 */

import { OctetCollector } from "#transport/endpoint/octet-collector.ts";

const LINE_FEED = 0x0a;

/** Longest line with a chunk's size, or in the trailer section, in octets. */
const MAX_LINE_OCTETS = 1024;

/** Most lines in the trailer section, which is ignored. */
const MAX_TRAILER_LINES = 64;

/** What the octets so far are. */
export type BodyState = "incomplete" | "complete" | "malformed" | "too long";

/** How a body is framed; null: not in a reliable way. */
export type Framing = { kind: "length"; octets: number } | { kind: "chunked" } | null;

/** Reads the framing from the headers; null when both are present or one is malformed (RFC 9112, section 6.3). */
export function framingOf(headers: Headers): Framing {
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  if (coding !== null) {
    return length === null && coding.trim().toLowerCase() === "chunked"
      ? { kind: "chunked" }
      : null;
  }
  if (length === null) return { kind: "length", octets: 0 };
  return /^\d{1,15}$/.test(length) ? { kind: "length", octets: Number(length) } : null;
}

/** Gathers a body. */
export class RequestBody {
  readonly #limit: number;
  readonly #all = new OctetCollector();
  readonly #isChunked: boolean;
  /** Octets of the body or the chunk that are still missing. */
  #missing: number;
  #expects: "data" | "chunk head" | "chunk end" | "trailer" = "data";
  #line = "";
  #octetsAfter: Uint8Array = new Uint8Array(0);
  #trailerLines = 0;

  constructor(framing: NonNullable<Framing>, limit: number) {
    this.#limit = limit;
    this.#isChunked = framing.kind === "chunked";
    this.#missing = framing.kind === "length" ? framing.octets : 0;
    if (this.#isChunked) this.#expects = "chunk head";
  }

  /** Takes the next octets (the first call may have none); to be called until it answers anything but incomplete. */
  push(chunk: Uint8Array): BodyState {
    if (this.#all.length + this.#missing > this.#limit) return "too long";
    let at = 0;
    for (;;) {
      if (this.#expects === "data") {
        const taken = Math.min(this.#missing, chunk.length - at);
        this.#all.append(chunk.subarray(at, at + taken));
        this.#missing -= taken;
        at += taken;
        if (this.#missing > 0) return "incomplete";
        if (!this.#isChunked) {
          this.#octetsAfter = chunk.subarray(at);
          return "complete";
        }
        this.#expects = "chunk end";
      }
      const end = chunk.indexOf(LINE_FEED, at);
      const stop = end < 0 ? chunk.length : end + 1;
      if (this.#line.length + stop - at > MAX_LINE_OCTETS) return "malformed";
      this.#line += Buffer.from(chunk.subarray(at, stop)).toString("latin1");
      at = stop;
      if (end < 0) return "incomplete";
      const state = this.#readLine();
      if (state === "complete") this.#octetsAfter = chunk.subarray(at);
      if (state !== "incomplete") return state;
    }
  }

  /** Octets that came after the body in the same chunk; borrowed. */
  get octetsAfterBody(): Uint8Array {
    return this.#octetsAfter;
  }

  /** The whole body. */
  take(): Buffer {
    return this.#all.octets;
  }

  #readLine(): BodyState {
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
      return ++this.#trailerLines > MAX_TRAILER_LINES ? "malformed" : "incomplete";
    }
    const size = /^([0-9a-fA-F]{1,8})(?:[\t ]*;.*)?$/.exec(text)?.[1];
    if (size === undefined) return "malformed";
    this.#missing = Number.parseInt(size, 16);
    this.#expects = this.#missing === 0 ? "trailer" : "data";
    return this.#all.length + this.#missing > this.#limit ? "too long" : "incomplete";
  }
}

/**
 * RequestBody: the body of one HTTP request, gathered from pieces of any size, up to a limit.
 *
 * (RFC 9112, section 6: Content-Length, or chunks.)
 *
 * @module
 */

import { OctetCollector } from "#transport/endpoint/octet-collector.ts";

const LINE_FEED = 0x0a;

/** Longest line of a chunk's head, or of the trailer, in octets. */
const MOST_LINE_OCTETS = 1024;

/** Most lines of the trailer, which are not read. */
const MOST_TRAILER_LINES = 64;

/** What has come so far. */
export type BodyState = "incomplete" | "complete" | "malformed" | "too long";

/** How a body is framed; null: in a way that cannot be trusted. */
export type Framing = { kind: "length"; octets: number } | { kind: "chunked" } | null;

/** Reads the framing out of the headers; two headers that say different things are none. */
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
  /** Octets that are still to come of the body or the chunk. */
  #due: number;
  #expects: "data" | "chunk head" | "chunk end" | "trailer" = "data";
  #line = "";
  #rest: Uint8Array = new Uint8Array(0);
  #trailerLines = 0;

  constructor(framing: NonNullable<Framing>, limit: number) {
    this.#limit = limit;
    this.#isChunked = framing.kind === "chunked";
    this.#due = framing.kind === "length" ? framing.octets : 0;
    if (this.#isChunked) this.#expects = "chunk head";
  }

  /** Takes the next octets, none at first; to be called until it answers something else. */
  push(chunk: Uint8Array): BodyState {
    if (this.#all.length + this.#due > this.#limit) return "too long";
    let at = 0;
    for (;;) {
      if (this.#expects === "data") {
        const taken = Math.min(this.#due, chunk.length - at);
        this.#all.append(chunk.subarray(at, at + taken));
        this.#due -= taken;
        at += taken;
        if (this.#due > 0) return "incomplete";
        if (!this.#isChunked) {
          this.#rest = chunk.subarray(at);
          return "complete";
        }
        this.#expects = "chunk end";
      }
      const end = chunk.indexOf(LINE_FEED, at);
      const stop = end < 0 ? chunk.length : end + 1;
      if (this.#line.length + stop - at > MOST_LINE_OCTETS) return "malformed";
      this.#line += Buffer.from(chunk.subarray(at, stop)).toString("latin1");
      at = stop;
      if (end < 0) return "incomplete";
      const state = this.#readLine();
      if (state === "complete") this.#rest = chunk.subarray(at);
      if (state !== "incomplete") return state;
    }
  }

  /** What came behind the body with its last octets, borrowed from the chunk. */
  get rest(): Uint8Array {
    return this.#rest;
  }

  /** All octets. */
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
      return ++this.#trailerLines > MOST_TRAILER_LINES ? "malformed" : "incomplete";
    }
    const size = /^([0-9a-fA-F]{1,8})(?:[\t ]*;.*)?$/.exec(text)?.[1];
    if (size === undefined) return "malformed";
    this.#due = Number.parseInt(size, 16);
    this.#expects = this.#due === 0 ? "trailer" : "data";
    return this.#all.length + this.#due > this.#limit ? "too long" : "incomplete";
  }
}

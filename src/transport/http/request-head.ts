/**
 * RequestHead: the head of an HTTP request, gathered from chunks of any size, so that the request can be
 * dispatched before it is answered.
 *
 * @module
 */

import { METHODS } from "node:http";

import { OctetCollector } from "#transport/endpoint/octet-collector.ts";
import type { HttpRequest } from "./http-request.ts";

/** Longest head in octets. */
const MAX_HEAD_OCTETS = 16 * 1024;

/** Most header fields. */
const MAX_FIELDS = 198;

/** Any other method is answered with 501. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS);

const NO_OCTETS = Buffer.alloc(0);

const LINE_FEED = 0x0a;

/** A head that is no request. */
export type HeadFault = "malformed" | "too long" | "unknown method";

/** What the octets so far are. */
export type HeadState = "incomplete" | "complete" | HeadFault;

/** The statuses that answer such heads. */
export const FAULT_STATUS: Record<HeadFault, number> = {
  malformed: 400,
  "too long": 431,
  "unknown method": 501,
};

/** Gathers the head of one request, and the octets after it that came in the same read. */
export class RequestHead {
  /** Null: everything came in one chunk so far. */
  #collected: OctetCollector | null = null;
  #all: Buffer = NO_OCTETS;
  /** Length of the request line with its CR LF; 0 until it is complete. */
  #lineOctets = 0;
  #headOctets = 0;

  /**
   * Takes the next octets; to be called until it answers anything but incomplete. The last chunk is
   * borrowed, so the head has to be read before the next event of the socket.
   */
  push(chunk: Uint8Array): HeadState {
    const searched = this.#all.length;
    this.#all = this.#collect(chunk);
    const state = this.#search(searched);
    if (state === "incomplete" && this.#collected === null) this.#keep(chunk);
    return state;
  }

  #collect(chunk: Uint8Array): Buffer {
    if (this.#collected === null) {
      return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    }
    this.#collected.append(chunk);
    return this.#collected.octets;
  }

  #keep(chunk: Uint8Array): void {
    this.#collected = new OctetCollector();
    this.#collected.append(chunk);
    this.#all = this.#collected.octets;
  }

  #search(searched: number): HeadState {
    const octets = this.#all;
    if (this.#lineOctets === 0) {
      const end = octets.indexOf(LINE_FEED, searched);
      if (end >= 0) {
        this.#lineOctets = end + 1;
        const line = octets.latin1Slice(0, end + 1);
        if (!isRequestLine(line)) return "malformed";
        if (!KNOWN_METHODS.has(line.slice(0, line.indexOf(" ")))) return "unknown method";
      }
    }
    const end = octets.indexOf("\r\n\r\n", Math.max(0, searched - 3));
    if (end < 0) return octets.length > MAX_HEAD_OCTETS ? "too long" : "incomplete";
    this.#headOctets = end + 4;
    return this.#headOctets > MAX_HEAD_OCTETS ? "too long" : "complete";
  }

  /** All octets so far. */
  get octets(): Buffer {
    return this.#all;
  }

  /** Octets that came after the head. */
  get octetsAfterHead(): Buffer {
    return this.#all.subarray(this.#headOctets);
  }

  /**
   * The request, or the status that answers it: 400 when its target is no URL or a header field is
   * malformed, 431 when there are too many fields.
   */
  request(): HttpRequest | 400 | 431 {
    const [line = "", ...fields] = this.octets.latin1Slice(0, this.#headOctets - 4).split("\r\n");
    const [method = "", target = "", version] = line.split(" ");
    if (fields.length > MAX_FIELDS) return 431;
    // Without the Host header: one such as "a/b" would change the path of the target.
    const url = URL.parse(target.startsWith("/") ? `http://localhost${asUtf8(target)}` : target);
    if (url === null) return 400;
    const headers = new Headers();
    for (const field of fields) {
      if (!isField(field)) return 400;
      const colon = field.indexOf(":");
      headers.append(field.slice(0, colon), field.slice(colon + 1).trim());
    }
    return { method, url, headers, isHttp10: version === "HTTP/1.0" };
  }
}

/** A target read as Latin-1, read as UTF-8 in place of that; clients should send neither, but ASCII. */
function asUtf8(target: string): string {
  return /[\x80-\xff]/.test(target) ? Buffer.from(target, "latin1").toString("utf8") : target;
}

/** Whether a line, with its CR LF, is a request line of HTTP/1.0 or 1.1. */
function isRequestLine(line: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e\x80-\xff]+ HTTP\/1\.[01]\r\n$/.test(line);
}

/**
 * Whether a line is a header field: no folded line, no white space in the name, no control character in
 * the value, because some servers take a bare CR or LF for a line end (RFC 9112, section 5).
 */
function isField(line: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/.test(line);
}

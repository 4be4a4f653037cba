/**
 * RequestHead: the head of an HTTP request, gathered from chunks of any size, so that the request can be
 * dispatched before it is answered.
 *
 * @module
 */

import { METHODS } from "node:http";

import { OctetCollector } from "#transport/endpoint/octet-collector.ts";

/** Longest head in octets, as in Bun's Web server. */
const MAX_HEAD_OCTETS = 16 * 1024;

/** Most header fields; Bun's Web server answers more with 431. */
const MAX_FIELDS = 198;

/** Bun's Web server closes a connection, without an answer, at any other method. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS);

const LINE_FEED = 0x0a;

/** What the octets so far are. */
export type HeadState = "incomplete" | "complete" | "malformed" | "too long" | "unknown method";

/** Gathers the head of one request, and the octets after it that came in the same read. */
export class RequestHead {
  readonly #all = new OctetCollector();
  /** Length of the request line with its CR LF; 0 until it is complete. */
  #lineOctets = 0;
  #headOctets = 0;

  /** Takes the next octets; to be called until it answers anything but incomplete. */
  push(chunk: Uint8Array): HeadState {
    const searched = this.#all.length;
    this.#all.append(chunk);
    const { octets } = this.#all;
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
    return this.#all.octets;
  }

  /** Octets that came after the head. */
  get octetsAfterHead(): Buffer {
    return this.#all.octets.subarray(this.#headOctets);
  }

  /** Whether the version is HTTP/1.0, which has no upgrade (RFC 9110, section 7.8). */
  get isHttp10(): boolean {
    return this.octets[this.#lineOctets - 3] !== 0x31;
  }

  /** The request; null when its target is no URL, a header field is malformed, or there are too many. */
  request(): Request | null {
    const [line = "", ...fields] = this.octets.latin1Slice(0, this.#headOctets - 4).split("\r\n");
    const [method = "", target = ""] = line.split(" ");
    if (fields.length > MAX_FIELDS) return null;
    const headers = new Headers();
    try {
      for (const field of fields) {
        if (!isField(field)) return null;
        const colon = field.indexOf(":");
        headers.append(field.slice(0, colon), field.slice(colon + 1).trim());
      }
      // Without the Host header: one such as "a/b" would change the path of the target.
      const url = target.startsWith("/") ? `http://localhost${target}` : target;
      return new Request(url, { method, headers });
    } catch {
      return null;
    }
  }
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

/**
 * RequestHead: the first request of an HTTP connection up to its empty line, gathered from pieces of
 * any size, so that it can be looked at before anybody answers.
 *
 * @module
 */

import { METHODS } from "node:http";

import { OctetCollector } from "#transport/endpoint/octet-collector.ts";

/** Longest head in octets; Bun's own server takes no longer one. */
const MOST_HEAD_OCTETS = 16 * 1024;

/** Most header fields; Bun's own server answers more with 431. */
const MOST_FIELDS = 198;

/** Bun's own server cuts a connection off that brings another method. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS);

const LINE_FEED = 0x0a;

/** What has come so far. */
export type HeadState = "incomplete" | "complete" | "malformed" | "too long" | "unknown method";

/** Gathers the head of a connection's first request, and whatever came behind it in one read. */
export class RequestHead {
  readonly #all = new OctetCollector();
  /** Octets of the request line with its end; 0 until that is there. */
  #lineOctets = 0;
  #headOctets = 0;

  /** Takes the next octets; to be called until it answers something else than incomplete. */
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
    if (end < 0) return octets.length > MOST_HEAD_OCTETS ? "too long" : "incomplete";
    this.#headOctets = end + 4;
    return this.#headOctets > MOST_HEAD_OCTETS ? "too long" : "complete";
  }

  /** All octets that have come. */
  get octets(): Buffer {
    return this.#all.octets;
  }

  /** What came behind the head. */
  get rest(): Buffer {
    return this.#all.octets.subarray(this.#headOctets);
  }

  /** Whether the request is one of HTTP/1.1; 1.0 knows no upgrade (RFC 9110, section 7.8). */
  get isUpgradable(): boolean {
    return this.octets[this.#lineOctets - 3] === 0x31;
  }

  /** The request; null when it is not fit for a URL, or has a header that is none or too many. */
  request(): Request | null {
    const [line = "", ...fields] = this.octets.latin1Slice(0, this.#headOctets - 4).split("\r\n");
    const [method = "", target = ""] = line.split(" ");
    if (fields.length > MOST_FIELDS) return null;
    const headers = new Headers();
    try {
      for (const field of fields) {
        if (!isField(field)) return null;
        const colon = field.indexOf(":");
        headers.append(field.slice(0, colon), field.slice(colon + 1).trim());
      }
      // Not the Host header: one such as "a/b" would make another path of the target.
      const url = target.startsWith("/") ? `http://localhost${target}` : target;
      return new Request(url, { method, headers });
    } catch {
      return null;
    }
  }
}

/** Whether a line, its end included, begins a request of HTTP/1.0 or 1.1. */
function isRequestLine(line: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e\x80-\xff]+ HTTP\/1\.[01]\r\n$/.test(line);
}

/**
 * Whether a line is a header: neither a continued line, nor a name with white space, nor a value with
 * a control character, of which some take a bare CR or LF for the end of a line (RFC 9112, section 5).
 */
function isField(line: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*$/.test(line);
}

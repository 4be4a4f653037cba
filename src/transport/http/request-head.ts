/**
 * RequestHead: the head of an HTTP request, gathered from chunks of any size, so that the request can be
 * dispatched before it is answered (RFC 9112, sections 2 to 6).
 *
 * A head that another server could read in another way is no request: with it an attacker would hide one
 * request in another.
 *
 * @module
 */

import { METHODS } from "node:http";

import { OctetCollector } from "#transport/endpoint/octet-collector.ts";
import { HeaderFields, MAX_FIELDS, scanFields } from "./header-fields.ts";
import type { BodyFraming, HttpRequest, RequestUrl } from "./http-request.ts";

/** Longest head in octets. */
const MAX_HEAD_OCTETS = 16 * 1024;

/** Any other method is answered with 501. */
const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS);

const NO_OCTETS = Buffer.alloc(0);

const NO_BODY: BodyFraming = { kind: "length", octets: 0 };

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** A head that is no request. */
export type HeadFault =
  | "malformed line"
  | "malformed target"
  | "malformed field"
  | "unclear length"
  | "unclear host"
  | "too long"
  | "unknown method"
  | "late";

/** What the octets so far are. */
export type HeadState = "incomplete" | "complete" | HeadFault;

/** What a head that is no request is answered with. */
export interface HeadRefusal {
  status: number;
  sentence: string;
}

const refusal = (status: number, state: string): HeadRefusal => ({
  status,
  sentence: `Cannot read the request: ${state}`,
});

/** The answers to such heads. */
export const HEAD_REFUSALS: Record<HeadFault, HeadRefusal> = {
  "malformed line": refusal(400, "its first line is none of HTTP/1.0 or 1.1"),
  "malformed target": refusal(400, "its target is neither a path nor a URL with http or https"),
  "malformed field": refusal(400, "one of its header fields is malformed"),
  "unclear length": refusal(400, "its header fields do not say clearly how long its body is"),
  "unclear host": refusal(400, "it does not have one header field Host with the name of a host"),
  "too long": refusal(
    431,
    `its head has more than ${MAX_HEAD_OCTETS} octets or ${MAX_FIELDS} fields`,
  ),
  "unknown method": refusal(501, "HTTP has no such method"),
  late: refusal(408, "its head did not come in time"),
};

/** Gathers the head of one request, and the octets after it that came in the same read. */
export class RequestHead {
  /** Null: everything came in one chunk so far. */
  #collected: OctetCollector | null = null;
  #all: Buffer = NO_OCTETS;
  /** Where the request line begins, after empty lines. */
  #start = 0;
  /** The request line with its CR LF; empty until it has come. */
  #line = "";
  #headEnd = 0;
  /** Those of the header fields, where the head came in one chunk. */
  #positions: number[] | null = null;

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
    if (this.#collected !== null) {
      this.#collected.append(chunk);
      return this.#collected.octets;
    }
    if (Buffer.isBuffer(chunk)) return chunk;
    return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  }

  #keep(chunk: Uint8Array): void {
    this.#collected = new OctetCollector();
    this.#collected.append(chunk);
    this.#all = this.#collected.octets;
  }

  #search(searched: number): HeadState {
    const octets = this.#all;
    if (this.#line === "") {
      const fault = this.#searchRequestLine(searched);
      if (fault !== null) return fault;
    }
    const end = this.#findEnd(searched);
    if (end < 0) return octets.length > MAX_HEAD_OCTETS ? "too long" : "incomplete";
    this.#headEnd = end + 2;
    return this.#headEnd > MAX_HEAD_OCTETS ? "too long" : "complete";
  }

  /** Where the empty line begins; negative: it has not come. */
  #findEnd(searched: number): number {
    const octets = this.#all;
    // Mostly all comes at once, and is read only once.
    if (searched === 0 && this.#line !== "" && octets.length <= MAX_HEAD_OCTETS) {
      this.#positions = scanFields(octets, this.#fieldsAt);
      const end = this.#positions?.at(-1);
      if (end !== undefined) return this.#fieldsAt + end;
    }
    const end = octets.indexOf("\r\n\r\n", Math.max(this.#start, searched - 3));
    return end < 0 ? -1 : end + 2;
  }

  /** Where the header fields begin, once the request line is known. */
  get #fieldsAt(): number {
    return this.#start + this.#line.length;
  }

  #searchRequestLine(searched: number): HeadFault | null {
    const octets = this.#all;
    // Some clients send an empty line after a body (RFC 9112, section 2.2).
    while (octets[this.#start] === CARRIAGE_RETURN && octets[this.#start + 1] === LINE_FEED) {
      this.#start += 2;
    }
    const end = octets.indexOf(LINE_FEED, Math.max(this.#start, searched));
    if (end < 0) return null;
    const line = octets.latin1Slice(this.#start, end + 1);
    if (!isRequestLine(line)) return "malformed line";
    this.#line = line;
    return KNOWN_METHODS.has(methodOf(line)) ? null : "unknown method";
  }

  /** Octets that came after the head; borrowed. */
  get octetsAfterHead(): Buffer {
    const { length } = this.#all;
    return length === this.#headEnd ? NO_OCTETS : this.#all.subarray(this.#headEnd);
  }

  /** The request line without its end; empty: it has not come, or is none. */
  get requestLine(): string {
    return this.#line.slice(0, -2);
  }

  /** The lines of the complete head as the client wrote them, in Latin-1: the request line, then the fields. */
  get lines(): string[] {
    return this.#all.latin1Slice(this.#start, this.#headEnd - 4).split("\r\n");
  }

  /** The request, once the head is complete. */
  request(): HttpRequest | HeadFault {
    const line = this.#line;
    const lines = this.#all.latin1Slice(this.#fieldsAt, this.#headEnd - 2);
    const positions = this.#positions ?? scanFields(this.#all, this.#fieldsAt);
    const headers = HeaderFields.of(lines, positions);
    if (typeof headers === "string") return headers;
    const method = methodOf(line);
    const targetAt = method.length + 1;
    const url = urlOf(line.slice(targetAt, line.indexOf(" ", targetAt)));
    if (url === null) return "malformed target";
    const isHttp10 = line.endsWith("0\r\n");
    const framing = framingOf(headers, isHttp10);
    if (framing === null) return "unclear length";
    if (!namesHost(headers, isHttp10)) return "unclear host";
    return { method, url, headers, isHttp10, framing };
  }
}

/** Whether a line, with its CR LF, is a request line of HTTP/1.0 or 1.1. */
function isRequestLine(line: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e\x80-\xff]+ HTTP\/1\.[01]\r\n$/.test(line);
}

function methodOf(line: string): string {
  return line.startsWith("GET ") ? "GET" : line.slice(0, line.indexOf(" "));
}

/** A path that is the same in a URL, without a query; no component begins with a dot. */
const PLAIN_PATH = /^(?:\/[\w~-][\w.~-]*)*\/?$/;

/** The URL of a target in origin-form or absolute-form (RFC 9112, section 3.2); null: it has neither. */
function urlOf(target: string): RequestUrl | null {
  if (PLAIN_PATH.test(target)) return { pathname: target, search: "" };
  // A URL takes a backslash for a slash, which other servers do not.
  if (target.includes("\\")) return null;
  // Without the Host header: one such as "a/b" would change the path of the target.
  if (target.startsWith("/")) return URL.parse(`http://localhost${asUtf8(target)}`);
  return /^(http|ws)s?:\/\//i.test(target) ? URL.parse(asUtf8(target)) : null;
}

/** A target read as Latin-1, read as UTF-8 in place of that; clients should send neither, but ASCII. */
function asUtf8(target: string): string {
  return /[\x80-\xff]/.test(target) ? Buffer.from(target, "latin1").toString("utf8") : target;
}

/**
 * How a body is framed; null: not in a reliable way, because length and coding are both present, one is
 * malformed, or HTTP/1.0 has a coding (RFC 9112, section 6).
 */
function framingOf(headers: HeaderFields, isHttp10: boolean): BodyFraming | null {
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  if (coding !== null) {
    const isReliable = length === null && !isHttp10 && coding.toLowerCase() === "chunked";
    return isReliable ? { kind: "chunked" } : null;
  }
  if (length === null) return NO_BODY;
  return /^\d{1,15}$/.test(length) ? { kind: "length", octets: Number(length) } : null;
}

/** Whether there is one Host header, with one host and perhaps a port; HTTP/1.0 needs none. */
function namesHost(headers: HeaderFields, isHttp10: boolean): boolean {
  // Several headers are joined by a comma.
  const host = headers.get("host");
  if (host === null) return isHttp10;
  return /^([\w.~!$&'()*+;=%-]+|\[[\da-f:.]+\])(:\d*)?$/i.test(host);
}

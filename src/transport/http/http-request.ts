/**
 * HttpRequest: the head of one request, as services read it.
 *
 * The fetch standard's Request refuses the methods CONNECT and TRACE, which have to be answered.
 *
 * @module
 */

import type { ReadableFields } from "./header-fields.ts";

/** The path and the query of a target, as those of a URL; the query begins with its question mark. */
export type RequestUrl = Pick<URL, "pathname" | "search">;

/** A request whose head is well-formed. */
export interface HttpRequest {
  method: string;
  /** Its target. */
  url: RequestUrl;
  headers: ReadableFields;
  /** Whether the version is HTTP/1.0, which has no upgrade (RFC 9110, section 7.8). */
  isHttp10: boolean;
  framing: BodyFraming;
}

/** How the end of a body is found (RFC 9112, section 6); a request without a body has the length 0. */
export type BodyFraming = { kind: "length"; octets: number } | { kind: "chunked" };

/** A request, and where it came from. */
export interface ClientRequest extends HttpRequest {
  /** The client as it is printed in logs: `tcp4:127.0.0.1:49816`. */
  peer: string;
  isSecure: boolean;
  /** The line Strict-Transport-Security of its answer, with its end; empty: there is none. */
  strictTransport: string;
}

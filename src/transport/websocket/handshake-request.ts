/**
 * HandshakeRequest: the opening handshake of a client, and the check of the server's answer (RFC 6455, section 4.1).
 *
 * No extension is offered, and no redirect is followed.
 *
 * @module
 */

import { randomBytes } from "node:crypto";

import { OctetCollector } from "#transport/endpoint/octet-collector.ts";
import { HeaderFields, hasToken, scanFields } from "#transport/http/header-fields.ts";
import { acceptFor } from "./handshake-answer.ts";

/** Longest head of an answer, in octets. */
const MAX_HEAD_OCTETS = 16 * 1024;

const HEAD_END = "\r\n\r\n";

/** What a handshake offers. */
export interface HandshakeOffer {
  protocols: readonly string[];
  /** Whether a server that chooses none of them can be used; absent: it cannot. */
  mayChooseNone?: boolean;
  /** Further header fields. */
  fields?: readonly (readonly [name: string, value: string])[];
}

/** The request for one WebSocket. */
export class HandshakeRequest {
  /** The request itself. */
  readonly octets: Buffer;
  readonly #key = randomBytes(16).toString("base64");
  /** The subprotocol that the server has chosen; empty: none. */
  protocol = "";
  readonly #offer: HandshakeOffer;
  readonly #answer = new OctetCollector();

  constructor({ host, pathname, search }: URL, offer: HandshakeOffer) {
    const { protocols, fields = [] } = offer;
    this.#offer = offer;
    const lines = [
      `GET ${pathname}${search} HTTP/1.1`,
      `Host: ${host}`,
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Key: ${this.#key}`,
      "Sec-WebSocket-Version: 13",
      ...(protocols.length > 0 ? [`Sec-WebSocket-Protocol: ${protocols.join(", ")}`] : []),
      ...fields.map(([name, value]) => `${name}: ${value}`),
    ];
    this.octets = Buffer.from(`${lines.join("\r\n")}${HEAD_END}`, "latin1");
  }

  /**
   * Takes octets of the answer. Gives those behind it when it is complete, null before that, or a sentence about
   * the state of the server why there is no WebSocket.
   */
  take(chunk: Uint8Array): Uint8Array | string | null {
    this.#answer.append(chunk);
    const { octets } = this.#answer;
    const fieldsEnd = octets.indexOf(HEAD_END);
    if ((fieldsEnd < 0 ? octets.length : fieldsEnd) > MAX_HEAD_OCTETS) {
      return `the head of its answer is longer than ${MAX_HEAD_OCTETS} octets`;
    }
    if (fieldsEnd < 0) return isBeginOfAnswer(octets) ? null : NOT_HTTP;
    const end = fieldsEnd + HEAD_END.length;
    return this.#fault(octets.subarray(0, end)) ?? octets.subarray(end);
  }

  #fault(head: Buffer): string | null {
    const fieldsStart = head.indexOf("\r\n") + 2;
    const line = head.latin1Slice(0, fieldsStart - 2);
    const [, minor, status] = /^HTTP\/1\.(\d) (\d{3})(?: |$)/.exec(line) ?? [];
    if (status === undefined) return NOT_HTTP;
    if (status === "101" && minor === "0") return "it switched to WebSocket in HTTP/1.0";
    if (status !== "101") return `it answered the WebSocket handshake with status ${status}`;
    const lines = head.latin1Slice(fieldsStart);
    const headers = HeaderFields.of(lines, scanFields(head, fieldsStart));
    if (typeof headers === "string") {
      return "a header of its answer to the WebSocket handshake is malformed";
    }
    if (!hasToken(headers, "upgrade", "websocket") || !hasToken(headers, "connection", "upgrade")) {
      return "it switched to another protocol than WebSocket";
    }
    if (headers.get("sec-websocket-accept") !== acceptFor(this.#key)) {
      return "its answer is for another WebSocket handshake";
    }
    if (headers.has("sec-websocket-extensions")) return "it uses an extension that was not offered";
    return this.#choose(headers.get("sec-websocket-protocol"));
  }

  #choose(chosen: string | null): string | null {
    const { protocols, mayChooseNone = false } = this.#offer;
    if (chosen === null && mayChooseNone) return null;
    if (chosen === null || !protocols.includes(chosen)) {
      return mayChooseNone
        ? "it chose a subprotocol that was not offered"
        : `it does not speak ${protocols.join(" or ")}`;
    }
    this.protocol = chosen;
    return null;
  }
}

const NOT_HTTP = "it does not speak WebSocket";

const HTTP = Buffer.from("HTTP/1.");

/** Whether octets can become an answer of HTTP/1. */
function isBeginOfAnswer(octets: Buffer): boolean {
  const known = Math.min(octets.length, HTTP.length);
  return octets.subarray(0, known).equals(HTTP.subarray(0, known));
}

/**
 * answerHandshake: the server's answer that completes an opening handshake (RFC 6455, section 4.2.2).
 *
 * @module
 */

import type { WebSocketOptions } from "#config/options/websocket-config.ts";
import type { ReadableFields } from "#transport/http/header-fields.ts";
import { agreeOnDeflate, DeflateCodec } from "./permessage-deflate.ts";

/** Appended to the client's key by every server (RFC 6455, section 1.3). */
const KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** What every answer begins with. */
const SWITCHING =
  "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";

/** The answer to a handshake, and the compression that it negotiates. */
export interface HandshakeAnswer {
  answer: Buffer;
  codec: DeflateCodec | null;
}

/** What the answer to a handshake contains. */
export interface HandshakeAnswerOptions {
  /** The subprotocol; empty: none is negotiated. */
  protocol: string;
  options: WebSocketOptions;
  /** Value of Server; null: no such header. */
  server: string | null;
  /** Value of Set-Cookie; null: no such header. */
  setCookie: string | null;
}

/** Value of Sec-WebSocket-Accept for a client's key. */
export function acceptFor(key: string): string {
  return Bun.SHA1.hash(`${key}${KEY_SUFFIX}`, "base64");
}

/** Answers a handshake that has been found valid. */
export function answerHandshake(
  headers: ReadableFields,
  { protocol, options, server, setCookie }: HandshakeAnswerOptions,
): HandshakeAnswer {
  const accept = acceptFor(headers.get("sec-websocket-key") ?? "");
  const deflate = options.compression?.deflate;
  const agreement =
    deflate === undefined ? null : agreeOnDeflate(headers.get("sec-websocket-extensions"), deflate);
  let head = `${SWITCHING}Sec-WebSocket-Accept: ${accept}\r\n`;
  if (protocol !== "") head += `Sec-WebSocket-Protocol: ${protocol}\r\n`;
  if (agreement !== null) head += `Sec-WebSocket-Extensions: ${agreement.header}\r\n`;
  if (setCookie !== null) head += `Set-Cookie: ${setCookie}\r\n`;
  if (server !== null) head += `Server: ${server}\r\n`;
  return {
    answer: Buffer.from(`${head}\r\n`, "latin1"),
    codec: agreement && deflate ? new DeflateCodec(agreement, deflate.memory_level) : null,
  };
}

/**
 * Completing the opening handshake on a stream (RFC 6455, section 4.2.2).
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { WebSocketServiceConfig } from "#config/node-config.ts";
import { agreeOnDeflate, DeflateCodec } from "./permessage-deflate.ts";
import type { ChosenSubprotocol } from "./subprotocol.ts";

/** What every server appends to a client's key (RFC 6455, section 1.3). */
const KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** The answer to a handshake, and the compression that it agrees to. */
export interface StreamUpgrade {
  answer: Buffer;
  codec: DeflateCodec | null;
}

/** Whether a key is the base64 of 16 octets, as the handshake needs it. */
export function isWebSocketKey(key: string | null): key is string {
  return key !== null && /^[A-Za-z0-9+/]{22}==$/.test(key.trim());
}

/** Completes a handshake that was judged to be in order. */
export function completeUpgrade(
  headers: Headers,
  chosen: ChosenSubprotocol,
  { options }: WebSocketServiceConfig,
): StreamUpgrade {
  const key = (headers.get("sec-websocket-key") ?? "").trim();
  const accept = createHash("sha1").update(`${key}${KEY_SUFFIX}`).digest("base64");
  const deflate = options.compression?.deflate;
  const agreement =
    deflate === undefined ? null : agreeOnDeflate(headers.get("sec-websocket-extensions"), deflate);
  const lines = [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Accept: ${accept}`,
  ];
  if (chosen.protocol !== "") lines.push(`Sec-WebSocket-Protocol: ${chosen.protocol}`);
  if (agreement !== null) lines.push(`Sec-WebSocket-Extensions: ${agreement.header}`);
  return {
    answer: Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"),
    codec: agreement && deflate ? new DeflateCodec(agreement, deflate.memory_level) : null,
  };
}

/**
 * Checks the opening handshake of a client (RFC 6455, section 4.2.1), and words the answer to an invalid one.
 *
 * @module
 */

import type { WebSocketOptions } from "#config/options/websocket-config.ts";
import type { WebSocketServiceConfig } from "#config/web-service/web-service-config.ts";
import { hasToken } from "#transport/http/header-fields.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import { PAGE_HEADERS, TEXT_HEADERS } from "#transport/http/page-headers.ts";
import { isOriginAllowed } from "./origin.ts";
import { statusPage, upgradePage } from "./status-page.ts";
import {
  type ChosenSubprotocol,
  chooseSubprotocol,
  MQTT_SUBPROTOCOL,
  subprotocolsFor,
} from "./subprotocol.ts";

/** What an answer 426 has to name (RFC 9110, section 15.5.22). */
const UPGRADE = {
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Version": "13",
};

/** The decision about a request for a WebSocket path: it becomes a WebSocket, or is answered. */
export type HandshakeDecision =
  | { kind: "upgrade"; chosen: ChosenSubprotocol }
  | { kind: "answer"; answer: HttpAnswer };

/** What is checked of a request. */
type HandshakeRequest = Pick<HttpRequest, "method" | "headers" | "framing">;

/** Checks a request for a path with WAMP over WebSocket. */
export function checkWampHandshake(
  request: HandshakeRequest,
  config: WebSocketServiceConfig,
): HandshakeDecision {
  const { options, serializers, mqtt } = config;
  const refusal = checkHandshake(request, options, () => statusPage(serializers));
  if (refusal !== null) return { kind: "answer", answer: refusal };
  const chosen = chooseSubprotocol(
    request.headers.get("sec-websocket-protocol"),
    serializers,
    options.require_websocket_subprotocol,
    mqtt !== undefined,
  );
  if (chosen !== undefined) return { kind: "upgrade", chosen };
  const ofWamp = subprotocolsFor(serializers);
  const available = (mqtt === undefined ? ofWamp : [...ofWamp, MQTT_SUBPROTOCOL]).join(", ");
  const sentence = `None of the offered subprotocols is available here: ${available}.`;
  return { kind: "answer", answer: textAnswer(400, sentence) };
}

/**
 * Checks a handshake except its subprotocol: null when the request may become a WebSocket, else the
 * answer. `page` renders the status page for browsers.
 */
export function checkHandshake(
  request: HandshakeRequest,
  options: WebSocketOptions,
  page: () => string,
): HttpAnswer | null {
  const { headers, method, framing } = request;
  if (!hasToken(headers, "upgrade", "websocket")) return plainAnswer(request, options, page);
  if (method !== "GET") return methodNotAllowed();
  if (!hasToken(headers, "connection", "upgrade")) {
    return textAnswer(400, "A WebSocket handshake needs the header Connection: Upgrade.");
  }
  // Its octets would be taken for frames.
  if (framing.kind === "chunked" || framing.octets > 0) {
    return textAnswer(400, "A WebSocket handshake has no body.");
  }
  if (!namesPort(headers.get("host") ?? "", options.external_port)) {
    return textAnswer(400, `The Host header has to name port ${options.external_port}.`);
  }
  if (headers.get("sec-websocket-version") !== "13") {
    return textAnswer(426, "This server speaks version 13 of the WebSocket protocol.", UPGRADE);
  }
  if (!isWebSocketKey(headers.get("sec-websocket-key"))) {
    return textAnswer(
      400,
      "A WebSocket handshake needs a Sec-WebSocket-Key of 16 octets in base64.",
    );
  }
  if (!isOriginAllowed(headers.get("origin"), options)) {
    return textAnswer(403, "Pages of this origin may not connect here.");
  }
  return null;
}

/** The answer to a handshake in HTTP/1.0. */
export function badHandshake(): HttpAnswer {
  return textAnswer(400, "A WebSocket handshake needs HTTP/1.1.");
}

function plainAnswer(
  request: HandshakeRequest,
  options: WebSocketOptions,
  page: () => string,
): HttpAnswer {
  if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed();
  if (!options.enable_webstatus) {
    return pageAnswer(426, upgradePage(), UPGRADE);
  }
  return pageAnswer(200, page(), { "Cache-Control": "no-cache" });
}

function pageAnswer(status: number, page: string, headers: Record<string, string>): HttpAnswer {
  return { status, headers: { ...PAGE_HEADERS, ...headers }, body: Buffer.from(page) };
}

function methodNotAllowed(): HttpAnswer {
  return textAnswer(405, "A WebSocket is opened with GET.", { Allow: "GET, HEAD, OPTIONS" });
}

function textAnswer(
  status: number,
  sentence: string,
  headers: Record<string, string> = {},
): HttpAnswer {
  return {
    status,
    headers: { ...headers, ...TEXT_HEADERS },
    body: Buffer.from(`${sentence}\n`),
  };
}

/** Whether a Host header names the expected port, or omits a default one; null: any port. */
function namesPort(host: string, expected: number | null): boolean {
  if (expected === null) return true;
  const port = /:(\d+)$/.exec(host)?.[1];
  return port === undefined ? expected === 80 || expected === 443 : Number(port) === expected;
}

/** Whether a key is the base64 encoding of 16 octets. */
export function isWebSocketKey(key: string | null): boolean {
  return key !== null && /^[A-Za-z0-9+/]{22}==$/.test(key);
}

/**
 * The opening handshake (RFC 6455, section 4.2): a request is taken as a WebSocket or refused.
 *
 * @module
 */

import type { WebSocketOptions, WebSocketServiceConfig } from "#config/node-config.ts";
import { isWebSocketKey } from "./handshake-answer.ts";
import { isOriginAllowed } from "./origin.ts";
import { statusPage } from "./status-page.ts";
import { type ChosenSubprotocol, chooseSubprotocol, subprotocolsFor } from "./subprotocol.ts";

/** What becomes of a request for a WebSocket path. */
export type HandshakeDecision =
  | { kind: "upgrade"; chosen: ChosenSubprotocol }
  | { kind: "answer"; response: Response };

/** Decides about one request for a WebSocket path of WAMP. */
export function checkWampHandshake(
  request: Request,
  config: WebSocketServiceConfig,
): HandshakeDecision {
  const { options, serializers } = config;
  const refusal = checkHandshake(request, options, () => statusPage(serializers));
  if (refusal !== null) return { kind: "answer", response: refusal };
  const chosen = chooseSubprotocol(
    request.headers.get("sec-websocket-protocol"),
    serializers,
    options.require_websocket_subprotocol,
  );
  if (chosen !== undefined) return { kind: "upgrade", chosen };
  const available = subprotocolsFor(serializers).join(", ");
  const sentence = `None of the offered subprotocols is available here: ${available}.`;
  return { kind: "answer", response: textResponse(400, sentence) };
}

/**
 * Decides about all of a handshake but its subprotocol: null when the request may become a
 * WebSocket, else the answer. `page` makes what a browser gets that opens the address as a page.
 */
export function checkHandshake(
  request: Request,
  options: WebSocketOptions,
  page: () => string,
): Response | null {
  const { headers, method } = request;
  if (!hasToken(headers.get("upgrade"), "websocket")) return plainAnswer(request, options, page);
  if (method !== "GET") return methodNotAllowed();
  if (!hasToken(headers.get("connection"), "upgrade")) {
    return textResponse(400, "A WebSocket handshake needs the header Connection: Upgrade.");
  }
  if (hasBody(headers)) return textResponse(400, "A WebSocket handshake has no body.");
  const host = headers.get("host") ?? "";
  if (!isHost(host)) return textResponse(400, "A WebSocket handshake needs one Host header.");
  if (!namesPort(host, options.external_port)) {
    return textResponse(400, `The Host header has to name port ${options.external_port}.`);
  }
  if (headers.get("sec-websocket-version")?.trim() !== "13") {
    return textResponse(426, "This server speaks version 13 of the WebSocket protocol.", {
      "Sec-WebSocket-Version": "13",
    });
  }
  if (!isWebSocketKey(headers.get("sec-websocket-key"))) {
    return textResponse(
      400,
      "A WebSocket handshake needs a Sec-WebSocket-Key of 16 octets in base64.",
    );
  }
  if (!isOriginAllowed(headers.get("origin"), options)) {
    return textResponse(403, "Pages of this origin may not connect here.");
  }
  return null;
}

/** The answer to a handshake of HTTP/1.0, or one behind other requests on its connection. */
export function badHandshake(): Response {
  const sentence = "A WebSocket handshake has to be the first request of its connection";
  return textResponse(400, `${sentence}, in HTTP/1.1.`);
}

function plainAnswer(request: Request, options: WebSocketOptions, page: () => string): Response {
  if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed();
  if (!options.enable_webstatus) {
    return textResponse(426, "This address is a WebSocket.", {
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Version": "13",
    });
  }
  return new Response(page(), {
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-cache",
      "X-Content-Type-Options": "nosniff",
    },
  });
}

function methodNotAllowed(): Response {
  return textResponse(405, "A WebSocket is opened with GET.", { Allow: "GET, HEAD" });
}

function textResponse(status: number, sentence: string, headers: Record<string, string> = {}) {
  return new Response(`${sentence}\n`, {
    status,
    headers: { ...headers, "Content-Type": "text/plain; charset=utf-8" },
  });
}

/** Whether octets that are no frames would follow. */
function hasBody(headers: Headers): boolean {
  return headers.has("transfer-encoding") || (headers.get("content-length") ?? "0") !== "0";
}

/** Whether a Host header is one host with or without a port; two headers come joined by a comma. */
function isHost(host: string): boolean {
  return /^([\w.~!$&'()*+;=%-]+|\[[\da-f:.]+\])(:\d*)?$/i.test(host);
}

/** Whether a Host header names this port, or leaves out one that a scheme implies; null: any will do. */
function namesPort(host: string, wanted: number | null): boolean {
  if (wanted === null) return true;
  const port = /:(\d+)$/.exec(host)?.[1];
  return port === undefined ? wanted === 80 || wanted === 443 : Number(port) === wanted;
}

/** Whether a comma-separated header holds a token, in any case. */
function hasToken(header: string | null, token: string): boolean {
  return (header ?? "").split(",").some((part) => part.trim().toLowerCase() === token);
}

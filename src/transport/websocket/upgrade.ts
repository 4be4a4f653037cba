/**
 * The opening handshake (RFC 6455, section 4.2): a request is taken as a WebSocket or refused.
 *
 *
 * @module
 */

import type { WebSocketServiceConfig } from "#config/node-config.ts";
import { isOriginAllowed } from "./origin.ts";
import { statusPage } from "./status-page.ts";
import { isWebSocketKey } from "./stream-upgrade.ts";
import { type ChosenSubprotocol, chooseSubprotocol, subprotocolFor } from "./subprotocol.ts";

/** What becomes of a request for a WebSocket path. */
export type UpgradeVerdict =
  | { kind: "upgrade"; chosen: ChosenSubprotocol }
  | { kind: "answer"; response: Response };

/** Decides about one request for a WebSocket path. */
export function judgeUpgrade(request: Request, config: WebSocketServiceConfig): UpgradeVerdict {
  const { headers, method } = request;
  const { options, serializers } = config;
  if (!hasToken(headers.get("upgrade"), "websocket")) return answer(plainAnswer(request, config));
  if (method !== "GET") return answer(methodNotAllowed());
  if (!hasToken(headers.get("connection"), "upgrade")) {
    return refuse(400, "A WebSocket handshake needs the header Connection: Upgrade.");
  }
  if ((headers.get("host") ?? "") === "") {
    return refuse(400, "A WebSocket handshake needs a Host header.");
  }
  if (headers.get("sec-websocket-version")?.trim() !== "13") {
    return refuse(426, "This server speaks version 13 of the WebSocket protocol.", {
      "Sec-WebSocket-Version": "13",
    });
  }
  if (!isWebSocketKey(headers.get("sec-websocket-key"))) {
    return refuse(400, "A WebSocket handshake needs a Sec-WebSocket-Key of 16 octets in base64.");
  }
  if (!isOriginAllowed(headers.get("origin"), options)) {
    return refuse(403, "Pages of this origin may not connect here.");
  }
  const chosen = chooseSubprotocol(
    headers.get("sec-websocket-protocol"),
    serializers,
    options.require_websocket_subprotocol,
  );
  if (chosen === undefined) {
    const available = serializers.map(subprotocolFor).join(", ");
    return refuse(400, `None of the offered subprotocols is available here: ${available}.`);
  }
  return { kind: "upgrade", chosen };
}

/** The answer to a handshake that comes behind other requests on its connection. */
export function badHandshake(): Response {
  return textResponse(400, "A WebSocket handshake has to be the first request of its connection.");
}

/** What a browser gets that opens the address as a page. */
function plainAnswer(request: Request, config: WebSocketServiceConfig): Response {
  if (request.method !== "GET" && request.method !== "HEAD") return methodNotAllowed();
  if (!config.options.enable_webstatus) {
    return textResponse(426, "This address is a WebSocket.", {
      Upgrade: "websocket",
      Connection: "Upgrade",
      "Sec-WebSocket-Version": "13",
    });
  }
  return new Response(statusPage(config.serializers), {
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

function answer(response: Response): UpgradeVerdict {
  return { kind: "answer", response };
}

function refuse(
  status: number,
  sentence: string,
  headers: Record<string, string> = {},
): UpgradeVerdict {
  return answer(textResponse(status, sentence, headers));
}

function textResponse(status: number, sentence: string, headers: Record<string, string> = {}) {
  return new Response(`${sentence}\n`, {
    status,
    headers: { ...headers, "Content-Type": "text/plain; charset=utf-8" },
  });
}

/** Whether a comma-separated header holds a token, in any case. */
function hasToken(header: string | null, token: string): boolean {
  return (header ?? "").split(",").some((part) => part.trim().toLowerCase() === token);
}

/**
 * The pages that a browser shows when it opens the address of a WebSocket.
 *
 * @module
 */

import { htmlPage } from "#transport/http/html-page.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { subprotocolsFor } from "./subprotocol.ts";

/** The status page of a path with these serializers. */
export function statusPage(serializers: readonly SerializerName[]): string {
  const items = subprotocolsFor(serializers).map((name) => `<li><code>${name}</code></li>`);
  return page(
    "WAMP over WebSocket",
    `<p>This address is up. It is for WAMP clients that connect with one of these subprotocols:</p>
<ul>${items.join("")}</ul>`,
  );
}

/** The status page of a testee. */
export function testeePage(): string {
  return page(
    "WebSocket testee",
    "<p>This address is up. It sends every WebSocket message back to its sender.</p>",
  );
}

/** The status page of a reverse proxy. */
export function reverseProxyPage(): string {
  return page(
    "WebSocket",
    "<p>This address is up. It is for programs that connect with WebSocket.</p>",
  );
}

/** The page where there is no status page. */
export function upgradePage(): string {
  return page("426 Upgrade Required", "<p>This address is a WebSocket.</p>");
}

function page(title: string, content: string): string {
  return htmlPage(title, title, content);
}

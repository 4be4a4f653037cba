/**
 * The page that a browser sees when it opens the address of a WebSocket.
 *
 * @module
 */

import type { SerializerName } from "#wamp/peer.ts";
import { subprotocolFor } from "./subprotocol.ts";

/** The status page of a path that speaks these serializers. */
export function statusPage(serializers: readonly SerializerName[]): string {
  const items = serializers.map((name) => `<li><code>${subprotocolFor(name)}</code></li>`).join("");
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>WAMP over WebSocket</title></head>
<body>
<h1>WAMP over WebSocket</h1>
<p>This address is up. It is for WAMP clients that connect with one of these subprotocols:</p>
<ul>${items}</ul>
</body>
</html>
`;
}

/**
 * Normalizes testees, which send every WebSocket message back.
 *
 * @module
 */

import { normalizeListening } from "#config/endpoint/normalize-endpoint.ts";
import { warnOfTesteeOptions } from "#config/options/normalize-session-options.ts";
import { normalizeWebSocketOptions } from "#config/options/normalize-websocket-options.ts";
import { defaultWebSocketOptions } from "#config/options/websocket-options-schema.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { WebSocketTesteeTransportConfig } from "./testee-config.ts";
import type { TesteeTransportItem } from "./transport-schema.ts";

/** The normalized testee, of a transport or of a worker that is nothing else. */
export function normalizeTestee(
  item: TesteeTransportItem,
  id: string,
  path: JsonPath,
  report: Report,
): WebSocketTesteeTransportConfig {
  const endpoint = normalizeListening(item.endpoint, [...path, "endpoint"], report);
  const written = item.options ?? defaultWebSocketOptions;
  warnOfTesteeOptions(written, [...path, "options"], report);
  const options = normalizeWebSocketOptions(written, endpoint.type);
  // A program under test names itself and its release.
  options.show_server_version = written.show_server_version ?? true;
  return { type: "websocket.testee", id, endpoint, options };
}

/**
 * Normalizes `options` of a RawSocket transport.
 *
 * @module
 */

import { normalizeBuffering, normalizeKeepalive } from "./normalize-session-options.ts";
import type { RawSocketOptions } from "./rawsocket-config.ts";
import type { RawSocketOptionsItem } from "./rawsocket-options-schema.ts";

/** The normalized options; unlike on WebSocket, no pings are sent by default. */
export function normalizeRawSocketOptions(item: RawSocketOptionsItem): RawSocketOptions {
  return {
    max_message_size: item.max_message_size,
    ...normalizeBuffering(item),
    ...normalizeKeepalive(item, 0),
  };
}

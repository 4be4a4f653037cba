/** Options of a transport that sends no pings, and gives incomplete messages their usual limits. */

import type { IncompleteMessageOptions, KeepaliveOptions } from "#config/node-config.ts";

export const noPings: KeepaliveOptions & IncompleteMessageOptions = {
  auto_ping_interval: 0,
  auto_ping_timeout: 0,
  auto_ping_size: 12,
  auto_ping_restart_on_any_traffic: true,
  message_timeout: 60_000,
  max_incomplete: 268_435_456,
};

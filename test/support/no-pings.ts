/** Options of a transport that sends no pings. */

import type { KeepaliveOptions } from "#config/node-config.ts";

export const noPings: KeepaliveOptions = {
  auto_ping_interval: 0,
  auto_ping_timeout: 0,
  auto_ping_size: 12,
  auto_ping_restart_on_any_traffic: true,
};

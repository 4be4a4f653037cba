/**
 * Limits of joining, all of them extensions.
 *
 * @module
 */

import * as v from "valibot";
import type { JsonPath } from "./config-issue.ts";
import type { JoiningConfig } from "./node-config.ts";
import type { Report } from "./report.ts";
import { type JoiningItem, rawsocketOptions } from "./schema/websocket-options.ts";

/** The limits out of the options of a WebSocket path or a RawSocket transport. */
export function normalizeJoining(
  options: JoiningItem,
  path: JsonPath,
  report: Report,
): JoiningConfig {
  const { hello_timeout, join_timeout, authenticate_timeout, max_auth_failures_per_minute } =
    options;
  const isWritten = authenticate_timeout !== v.parse(rawsocketOptions, {}).authenticate_timeout;
  if (isWritten && authenticate_timeout > join_timeout) {
    const sentence = `has no effect: join_timeout ends joining after ${join_timeout} ms`;
    report.warn([...path, "authenticate_timeout"], sentence);
  }
  return { hello_timeout, join_timeout, authenticate_timeout, max_auth_failures_per_minute };
}

/**
 * Limits of joining, all of them extensions.
 *
 * @module
 */

import * as v from "valibot";
import type { JoiningConfig } from "#config/node-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { LimitsContext } from "./normalize-limits.ts";
import { type JoiningItem, rawsocketOptions } from "./websocket-options-schema.ts";

/** The limits out of the options of a WebSocket path or a RawSocket transport. */
export function normalizeJoining(
  options: JoiningItem,
  path: JsonPath,
  { report, endpointType }: LimitsContext,
): JoiningConfig {
  const { hello_timeout, join_timeout, authenticate_timeout, max_auth_failures_per_minute } =
    options;
  const defaults = v.parse(rawsocketOptions, {});
  const isWritten = (name: keyof JoiningItem) => options[name] !== defaults[name];
  if (isWritten("authenticate_timeout") && authenticate_timeout > join_timeout) {
    const sentence = `has no effect: join_timeout ends joining after ${join_timeout} ms`;
    report.warn([...path, "authenticate_timeout"], sentence);
  }
  const limit = "max_auth_failures_per_minute";
  if (isWritten(limit) && options[limit] > 0 && endpointType === "unix") {
    const sentence = "has no effect on clients of a Unix socket that have no address";
    report.warn([...path, limit], sentence);
  }
  return { hello_timeout, join_timeout, authenticate_timeout, max_auth_failures_per_minute };
}

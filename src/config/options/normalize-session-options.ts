/**
 * Normalizes the options of WAMP sessions: pings, buffers, ends and limits of joining.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import type {
  BufferOptions,
  IncompleteMessageOptions,
  JoiningConfig,
  KeepaliveOptions,
  SessionEndOptions,
} from "./session-config.ts";
import { defaultSessionOptions, type SessionOptionsItem } from "./session-options-schema.ts";

/** How the sessions of a proxy end. */
const OPTIONS_OF_ENDS = ["told_by_close", "max_connection_age", "stall_timeout"] as const;

/** Limits of joining. */
const OPTIONS_OF_JOINING = [
  "hello_timeout",
  "join_timeout",
  "authenticate_timeout",
  "max_auth_failures_per_minute",
] as const;

/** The options of pings; `defaultIntervalMs` applies where no interval is written, 0: no pings. */
export function normalizeKeepalive(
  item: SessionOptionsItem,
  defaultIntervalMs: number,
): KeepaliveOptions {
  return {
    auto_ping_interval: item.auto_ping_interval ?? defaultIntervalMs,
    auto_ping_timeout: item.auto_ping_timeout,
    auto_ping_size: Math.max(item.auto_ping_size, 12),
    auto_ping_restart_on_any_traffic: item.auto_ping_restart_on_any_traffic,
  };
}

/** The options of buffers and of how sessions end; what is absent without a default stays absent. */
export function normalizeBuffering(
  item: SessionOptionsItem,
): BufferOptions & IncompleteMessageOptions & SessionEndOptions {
  const { max_buffered, stall_timeout, max_outgoing, told_by_close } = item;
  const { message_timeout, max_incomplete, max_connection_age } = item;
  const sizes = { max_buffered, stall_timeout, max_outgoing, message_timeout, max_incomplete };
  return {
    ...sizes,
    ...(told_by_close && { told_by_close }),
    ...(max_connection_age !== undefined && { max_connection_age }),
  };
}

/** Warns of options for the two sides of a proxied session; a session of a router has one side. */
export function warnOfRouterOptions(
  item: SessionOptionsItem,
  path: JsonPath,
  { report, workerType }: TransportContext,
): void {
  if (workerType === "proxy") return;
  const cut = "a router cuts a client off when 16 MiB wait for it";
  warnOfWritten(["told_by_close"], "a router always says GOODBYE", item, path, report);
  warnOfWritten(["max_buffered", "stall_timeout"], cut, item, path, report);
}

/** Warns of options of sessions where a client has none. */
export function warnOfTesteeOptions(
  item: SessionOptionsItem,
  path: JsonPath,
  report: Report,
): void {
  const names = [...OPTIONS_OF_ENDS, ...OPTIONS_OF_JOINING];
  warnOfWritten(names, "a testee has no sessions", item, path, report);
}

/** Warns of options of sessions where messages are relayed without looking at them. */
export function warnOfRelayedOptions(
  item: SessionOptionsItem,
  path: JsonPath,
  report: Report,
): void {
  const names = ["told_by_close", "max_connection_age", ...OPTIONS_OF_JOINING] as const;
  warnOfWritten(names, "messages are relayed, whatever their subprotocol", item, path, report);
}

function warnOfWritten(
  names: readonly (keyof SessionOptionsItem)[],
  consequence: string,
  item: SessionOptionsItem,
  path: JsonPath,
  report: Report,
): void {
  for (const name of names.filter((one) => isWritten(item, one))) {
    report.warn([...path, name], `not honoured: ${consequence}`);
  }
}

/** The limits of joining. */
export function normalizeJoining(
  item: SessionOptionsItem,
  path: JsonPath,
  { report, endpointType }: TransportContext,
): JoiningConfig {
  const { hello_timeout, join_timeout, authenticate_timeout, max_auth_failures_per_minute } = item;
  if (isWritten(item, "authenticate_timeout") && authenticate_timeout > join_timeout) {
    const sentence = `has no effect: join_timeout ends joining after ${join_timeout} ms`;
    report.warn([...path, "authenticate_timeout"], sentence);
  }
  const limit = "max_auth_failures_per_minute";
  if (isWritten(item, limit) && item[limit] > 0 && endpointType === "unix") {
    const sentence = "has no effect on clients of a Unix socket that have no address";
    report.warn([...path, limit], sentence);
  }
  return { hello_timeout, join_timeout, authenticate_timeout, max_auth_failures_per_minute };
}

/** Whether an option differs from its default; a written default is not worth a warning. */
function isWritten(item: SessionOptionsItem, name: keyof SessionOptionsItem): boolean {
  return item[name] !== defaultSessionOptions[name];
}

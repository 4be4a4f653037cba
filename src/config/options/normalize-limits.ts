/**
 * Normalizes the limits of a transport.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import type { TransportLimits } from "./limits-config.ts";
import type { ForwardingItem, LimitsItem } from "./limits-schema.ts";

/** The normalized limits of a transport that may be behind HTTP proxies. */
export function normalizeHttpLimits(
  item: LimitsItem & ForwardingItem,
  path: JsonPath,
  context: TransportContext,
): { limits?: TransportLimits; trusted_proxies?: string[] } {
  if (context.report.isMalformed([...path, "trusted_proxies"])) return {};
  return { ...normalizeLimits(item, path, context), ...normalizeForwarding(item, path, context) };
}

function normalizeForwarding(
  { trusted_proxies = [] }: ForwardingItem,
  path: JsonPath,
  { report, endpointType }: TransportContext,
): { trusted_proxies?: string[] } {
  if (trusted_proxies.length === 0) return {};
  const isUnix = endpointType === "unix";
  if (trusted_proxies.includes("unix") !== isUnix) {
    const sentence = isUnix
      ? 'has no effect: clients of a Unix socket are trusted with "unix"'
      : '"unix" has no effect: the endpoint is no Unix socket';
    report.warn([...path, "trusted_proxies"], sentence);
  }
  return { trusted_proxies };
}

/** The normalized limits; an empty object where none is given. */
export function normalizeLimits(
  item: LimitsItem & ForwardingItem,
  path: JsonPath,
  { report, endpointType }: TransportContext,
): { limits?: TransportLimits } {
  const rate = item.max_messages_per_second ?? null;
  const limits = {
    max_connections: item.max_connections ?? null,
    max_connections_per_address: item.max_connections_per_address ?? null,
    max_messages_per_second: rate,
    max_messages_burst: item.max_messages_burst ?? rate ?? 0,
  };
  if (item.max_messages_burst !== undefined && rate === null) {
    const sentence = "has no effect: max_messages_per_second is not given";
    report.warn([...path, "max_messages_burst"], sentence);
  }
  const isAddressKnown = endpointType !== "unix" || item.trusted_proxies?.includes("unix");
  if (limits.max_connections_per_address !== null && !isAddressKnown) {
    const sentence = "has no effect on clients of a Unix socket, for they have no address";
    report.warn([...path, "max_connections_per_address"], sentence);
  }
  const isLimited =
    rate !== null || limits.max_connections !== null || limits.max_connections_per_address !== null;
  return isLimited ? { limits } : {};
}

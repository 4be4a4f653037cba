/**
 * Normalizes the paths of the HTTP bridge.
 *
 * @module
 */

import { readSecret } from "#config/auth/secret.ts";
import { asCidr } from "#config/schema/address-range.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { WorkerContext } from "#config/transport/transport-context.ts";
import { normalizePathRole } from "./normalize-path-auth.ts";
import type { BridgeServiceConfig } from "./web-service-config.ts";
import { type BridgeItem, defaultBridgeOptions } from "./web-service-schema.ts";

/** The limit of a body where none is given: the greatest that can be given. */
export const MOST_BODY_OCTETS = 1_048_576;

/** The normalized service; warns of a realm or role that does not exist. */
export function normalizeBridge(
  item: BridgeItem,
  path: JsonPath,
  context: WorkerContext,
): BridgeServiceConfig {
  const done = item.type === "caller" ? "called" : "published";
  const role = normalizePathRole(item, done, path, context);
  const options = item.options ?? defaultBridgeOptions;
  return {
    type: item.type,
    realm: item.realm,
    ...role,
    options: {
      ...normalizeKey(options, [...path, "options"], context.report),
      require_tls: options.require_tls,
      require_ip: options.require_ip?.map(asCidr) ?? null,
      post_body_limit: options.post_body_limit || MOST_BODY_OCTETS,
      timestamp_delta_limit: options.timestamp_delta_limit,
      call_timeout: options.call_timeout,
      error_status_codes: options.error_status_codes,
      idempotency_key_lifetime: options.idempotency_key_lifetime,
    },
  };
}

/** The key and secret that requests are signed with. */
export function normalizeKey(
  options: Pick<NonNullable<BridgeItem["options"]>, "key" | "secret" | "timestamp_delta_limit">,
  path: JsonPath,
  report: Report,
): Pick<BridgeServiceConfig["options"], "key" | "secret"> {
  const { key, secret: written, timestamp_delta_limit } = options;
  if (written === undefined) {
    if (key !== undefined) {
      report.warn([...path, "key"], "has no effect: secret is not given, so nothing is signed");
    }
    return { key: null, secret: null };
  }
  const secret = readSecret(written, [...path, "secret"], report);
  if (key === undefined) {
    report.fault([...path, "secret"], 'needs "key": clients name the key that they sign with');
  }
  if (timestamp_delta_limit === 0) {
    const sentence = "a signed request that was overheard can be sent again at any time";
    report.warn([...path, "timestamp_delta_limit"], sentence);
  }
  return { key: key ?? null, secret };
}

/**
 * Normalizes the paths of the HTTP bridge.
 *
 * @module
 */

import type { AuthenticatorContext } from "#config/auth/normalize-dynamic-auth.ts";
import { readSecret } from "#config/auth/secret.ts";
import type { BridgeServiceConfig, ListeningEndpointConfig } from "#config/node-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { BridgeItem } from "./web-service-schema.ts";

/** The limit of a body where none is given: the greatest that can be given. */
const MOST_BODY_OCTETS = 1_048_576;

/** What the rules for the bridge need to know of the enclosing transport. */
interface BridgeContext extends AuthenticatorContext {
  report: Report;
  endpointType: ListeningEndpointConfig["type"];
}

/** The normalized service; warns of a realm or role that does not exist. */
export function normalizeBridge(
  item: BridgeItem,
  path: JsonPath,
  around: BridgeContext,
): BridgeServiceConfig {
  const { report } = around;
  warnOfPlace(item, path, around);
  const options = item.options;
  const at = [...path, "options"];
  const secret =
    options?.secret === undefined ? null : readSecret(options.secret, [...at, "secret"], report);
  if (secret !== null && options?.key === undefined) {
    report.fault([...at, "secret"], 'needs "key": clients name the key that they sign with');
  }
  if (secret === null && options?.key !== undefined) {
    report.warn([...at, "key"], "has no effect: secret is not given, so nothing is signed");
  }
  const seconds = options?.timestamp_delta_limit ?? 300;
  if (secret !== null && seconds === 0) {
    const sentence = "whoever has seen a signed request can send it again at any time";
    report.warn([...at, "timestamp_delta_limit"], sentence);
  }
  return {
    type: item.type,
    realm: item.realm,
    role: item.role,
    options: {
      key: secret === null ? null : (options?.key ?? null),
      secret,
      require_tls: options?.require_tls ?? false,
      require_ip: options?.require_ip ?? null,
      post_body_limit: options?.post_body_limit || MOST_BODY_OCTETS,
      timestamp_delta_limit: seconds,
      call_timeout: options?.call_timeout ?? 30_000,
    },
  };
}

function warnOfPlace(
  { type, realm, role }: BridgeItem,
  path: JsonPath,
  { report, workerType, isRealmKnown, isRoleKnown }: BridgeContext,
): void {
  const place = workerType === "proxy" ? "route" : "realm";
  const verb = type === "caller" ? "called" : "published";
  if (!isRealmKnown(realm)) {
    report.warn([...path, "realm"], `no ${place} "${realm}" exists, so nothing is ${verb}`);
    return;
  }
  // A router needs no configured role for its own calls; a proxy needs a route for it.
  if ((workerType === "router" && role === "trusted") || isRoleKnown(role, realm)) return;
  const sentence = `${place} "${realm}" lacks role "${role}", so nothing is ${verb}`;
  report.warn([...path, "role"], sentence);
}

/**
 * Normalizes `auth.anonymous-proxy` and `auth.cryptosign-proxy`, with which a router trusts a proxy.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import type { Authmethod } from "./auth-config.ts";
import type { NormalizedAuth, StaticItem } from "./static-auth.ts";

/** A client with this authmethod can claim any identity, so that only a Unix socket may offer it. */
export function normalizeTrustedProxy(
  _item: StaticItem<"anonymous-proxy">,
  path: JsonPath,
  context: TransportContext,
): NormalizedAuth<"anonymous-proxy"> {
  const { report, workerType, endpointType } = context;
  if (workerType === "proxy") {
    refuseVouching("anonymous-proxy", path, report);
  } else if (endpointType !== "unix") {
    report.fault(path, "anonymous-proxy is allowed only where the endpoint is a Unix socket", true);
  }
  return { type: "static" };
}

/** The nodes with their keys; a client that proves to have such a key can claim any identity. */
export function normalizeSignedProxy(
  item: StaticItem<"cryptosign-proxy">,
): NormalizedAuth<"cryptosign-proxy"> {
  const principals = Object.entries(item.principals).map(([node, principal]) => {
    const authorized_keys = principal.authorized_keys.map((key) => key.toLowerCase());
    return [node, { authorized_keys }] as const;
  });
  return { type: "static", principals: Object.fromEntries(principals) };
}

/** Refuses an authmethod with which the clients of a proxy could claim any identity. */
export function refuseVouching(authmethod: Authmethod, path: JsonPath, report: Report): void {
  const sentence = `${authmethod} is for routers; clients of a proxy cannot vouch for others`;
  report.fault(path, sentence, true);
}

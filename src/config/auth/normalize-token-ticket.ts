/**
 * Normalizes the authmethod `ticket` of type `jwt`.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { WorkerContext } from "#config/transport/transport-context.ts";
import { normalizeToken } from "./normalize-token.ts";
import { warnOfRole } from "./role-rules.ts";
import type { TokenTicketItem } from "./ticket-schema.ts";
import type { TokenTicketConfig } from "./token-config.ts";

/** The normalized authmethod; warns of roles with which clients cannot join. */
export function normalizeTokenTicket(
  item: TokenTicketItem,
  path: JsonPath,
  context: WorkerContext,
): TokenTicketConfig {
  const role = item["default-role"];
  if (role !== undefined) warnOfRole(role, [...path, "default-role"], context);
  item.roles?.forEach((one, index) => void warnOfRole(one, [...path, "roles", index], context));
  return {
    type: "jwt",
    ...normalizeToken(item, path, context.report),
    "default-role": role ?? null,
    extra_claims: item.extra_claims ?? null,
  };
}

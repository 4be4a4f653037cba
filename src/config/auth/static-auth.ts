/**
 * Parts that the normalizers of static authmethods share.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import type { AuthConfig, Authmethod } from "./auth-config.ts";
import type { AuthItem } from "./auth-schema.ts";
import type { AskingAuthConfig } from "./authenticator-config.ts";
import type { DynamicAuthItem, FunctionAuthItem } from "./authenticator-schema.ts";
import { warnOfRole } from "./role-rules.ts";
import type { TokenTicketItem } from "./ticket-schema.ts";
import type { TokenTicketConfig } from "./token-config.ts";

/** The static item of an authmethod; those with an authenticator are the same for all. */
export type StaticItem<Method extends Authmethod> = Exclude<
  NonNullable<AuthItem[Method]>,
  DynamicAuthItem | FunctionAuthItem | TokenTicketItem
>;

/** The same, normalized. */
export type NormalizedAuth<Method extends Authmethod> = Exclude<
  NonNullable<AuthConfig[Method]>,
  AskingAuthConfig | TokenTicketConfig
>;

/** Normalizes the principals of an authmethod, by authid; the role is added to what `normalize` gives. */
export function eachPrincipal<
  Item extends { role?: string | undefined },
  Credentials extends object,
>(
  items: Record<string, Item>,
  path: JsonPath,
  context: TransportContext,
  normalize: (item: Item, at: JsonPath) => Credentials,
): Record<string, Credentials & { role?: string }> {
  return Object.fromEntries(
    Object.entries(items).map(([authid, item]) => {
      const at = [...path, authid];
      const { role } = item;
      if (role !== undefined) warnOfRole(role, at, context);
      else context.report.warn(at, "it has no role, so clients cannot join as this principal");
      return [authid, { ...normalize(item, at), ...(role === undefined ? {} : { role }) }];
    }),
  );
}

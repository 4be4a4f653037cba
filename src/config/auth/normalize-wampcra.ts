/**
 * Normalizes `auth.wampcra`.
 *
 * @module
 */

import type { WampCraUser } from "#config/node-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import { readSecret } from "./secret.ts";
import { eachPrincipal, type NormalizedAuth, type StaticItem } from "./static-auth.ts";

/** The normalized authmethod. */
export function normalizeWampCra(
  { users }: StaticItem<"wampcra">,
  path: JsonPath,
  context: TransportContext,
): NormalizedAuth<"wampcra"> {
  const derivation = ["salt", "iterations", "keylen"] as const;
  const normalized = eachPrincipal(users, [...path, "users"], context, (user, at): WampCraUser => {
    const { salt, iterations, keylen, role } = user;
    const secret = readSecret(user.secret, [...at, "secret"], context.report);
    if (salt !== undefined && iterations !== undefined && keylen !== undefined) {
      return { secret, role, salt, iterations, keylen };
    }
    const missing = derivation.filter((name) => user[name] === undefined);
    if (missing.length < derivation.length) {
      const names = missing.map((name) => `"${name}"`).join(" and ");
      const sentence = `a salted secret needs salt, iterations and keylen: ${names} not given`;
      context.report.fault(at, sentence);
    }
    return { secret, role };
  });
  return { type: "static", users: normalized };
}

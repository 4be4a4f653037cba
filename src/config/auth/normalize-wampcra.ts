/**
 * Normalizes `auth.wampcra`.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import type { WampCraUser } from "./principal-config.ts";
import { readSecret } from "./secret.ts";
import { eachPrincipal, type NormalizedAuth, type StaticItem } from "./static-auth.ts";

/** As in Crossbar; other programs, and its early releases, keep the derived key. */
const DERIVED =
  "this looks like the derived key; expected the secret itself, from which the node derives the key";

/** Shorter keys could be any word. */
const SHORTEST_KEY = 16;

/** Whether a text is octets in base64, as many as the derived key has. */
function looksDerived(secret: string, keylen: number): boolean {
  const octets = Buffer.from(secret, "base64");
  return keylen >= SHORTEST_KEY && octets.length === keylen && octets.toString("base64") === secret;
}

/** The normalized authmethod. */
export function normalizeWampCra(
  { users }: StaticItem<"wampcra">,
  path: JsonPath,
  context: TransportContext,
): NormalizedAuth<"wampcra"> {
  const derivation = ["salt", "iterations", "keylen"] as const;
  const normalized = eachPrincipal(users, [...path, "users"], context, (user, at): WampCraUser => {
    const { salt, iterations, keylen } = user;
    const secret = readSecret(user.secret, [...at, "secret"], context.report);
    if (salt !== undefined && iterations !== undefined && keylen !== undefined) {
      if (looksDerived(secret, keylen)) context.report.warn([...at, "secret"], DERIVED);
      return { secret, salt, iterations, keylen };
    }
    const missing = derivation.filter((name) => user[name] === undefined);
    if (missing.length < derivation.length) {
      const names = missing.map((name) => `no "${name}"`).join(" and ");
      const sentence = `expected salt, iterations and keylen together, found ${names}`;
      context.report.fault(at, sentence);
    }
    return { secret };
  });
  return { type: "static", users: normalized };
}

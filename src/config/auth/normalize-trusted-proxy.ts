/**
 * Normalizes `auth.anonymous-proxy` and `auth.cryptosign-proxy`, with which a router trusts a proxy.
 *
 * @module
 */

import type { NormalizedAuth, StaticItem } from "./static-auth.ts";

/** A proxy that can open the Unix socket is believed: nothing of the item decides. */
export function normalizeTrustedProxy(): NormalizedAuth<"anonymous-proxy"> {
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

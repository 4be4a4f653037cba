/**
 * Normalizes `auth.cryptosign`: principals with their keys, or root authorities.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import type { CryptosignPrincipal, TrustrootConfig } from "./principal-config.ts";
import { readTrustroot } from "./read-trustroot.ts";
import { warnOfRole } from "./role-rules.ts";
import { eachPrincipal, type NormalizedAuth, type StaticItem } from "./static-auth.ts";

/** Realms that are addresses or names of Ethereum; Crossbar refuses every client of theirs. */
const ON_BLOCKCHAIN = /^0x|\.eth$|^eth\./;

/** The normalized authmethod. */
export function normalizeCryptosign(
  { principals: written, trustroots }: StaticItem<"cryptosign">,
  path: JsonPath,
  context: TransportContext,
): NormalizedAuth<"cryptosign"> {
  if ((written === undefined) === (trustroots === undefined)) {
    context.report.fault(path, 'expected either "principals" or "trustroots"');
  }
  if (trustroots !== undefined) {
    const roots = normalizeTrustroots(trustroots, [...path, "trustroots"], context);
    return { type: "static", principals: {}, trustroots: roots };
  }
  const at = [...path, "principals"];
  const owners = new Map<string, string>();
  const normalized = eachPrincipal(
    written ?? {},
    at,
    context,
    (one, place): CryptosignPrincipal => {
      const { realm } = one;
      const authid = String(place.at(-1));
      const keys = one.authorized_keys.map((key) => key.toLowerCase());
      keys.forEach((key, index) => {
        const owner = owners.get(key);
        owners.set(key, owner ?? authid);
        if (owner === undefined || owner === authid) return;
        const sentence = `"${owner}" has this key too, so clients with it have to say their authid`;
        context.report.warn([...place, "authorized_keys", index], sentence);
      });
      return { authorized_keys: keys, ...(realm === undefined ? {} : { realm }) };
    },
  );
  return { type: "static", principals: normalized };
}

function normalizeTrustroots(
  items: NonNullable<StaticItem<"cryptosign">["trustroots"]>,
  path: JsonPath,
  context: TransportContext,
): Record<string, TrustrootConfig> {
  const { report } = context;
  const roots: Record<string, TrustrootConfig> = {};
  for (const [name, { certificate, trustroot, role, realm }] of Object.entries(items)) {
    const at = [...path, name];
    if (ON_BLOCKCHAIN.test(name) || (certificate === undefined && trustroot !== undefined)) {
      report.warn(
        at,
        "not honoured: nothing is looked up on a blockchain, so no client joins by it",
      );
      continue;
    }
    if (certificate === undefined) {
      report.fault(at, "required attribute is missing: certificate");
      continue;
    }
    if (trustroot !== undefined) {
      report.warn([...at, "trustroot"], "not honoured: the certificate decides");
    }
    warnOfRole(role, at, context);
    const root = readTrustroot(certificate, [...at, "certificate"], report);
    if (root === null) continue;
    roots[name] = { ...root, role, ...(realm === undefined ? {} : { realm }) };
  }
  return roots;
}

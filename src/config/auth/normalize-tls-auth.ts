/**
 * Normalizes `auth.tls`: principals by the fingerprints of their certificates.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import type { TlsPrincipal } from "./principal-config.ts";
import { eachPrincipal, type NormalizedAuth, type StaticItem } from "./static-auth.ts";

/** The normalized authmethod. */
export function normalizeTls(
  { principals }: StaticItem<"tls">,
  path: JsonPath,
  context: TransportContext,
): NormalizedAuth<"tls"> {
  const { report } = context;
  const at = [...path, "principals"];
  const owners = new Map<string, string>();
  const normalized = eachPrincipal(principals, at, context, (one, place): TlsPrincipal => {
    const sha1 = fingerprint(one["certificate-sha1"]);
    const sha256 = fingerprint(one["certificate-sha256"]);
    if (sha1 === undefined && sha256 === undefined) {
      report.fault(place, 'neither "certificate-sha1" nor "certificate-sha256" is given');
    }
    const authid = String(place.at(-1));
    for (const print of [sha1, sha256]) {
      if (print === undefined) continue;
      const owner = owners.get(print);
      if (owner !== undefined) report.fault(place, `"${owner}" has the same certificate`);
      owners.set(print, owner ?? authid);
    }
    return {
      ...(sha1 === undefined ? {} : { "certificate-sha1": sha1 }),
      ...(sha256 === undefined ? {} : { "certificate-sha256": sha256 }),
    };
  });
  return { type: "static", principals: normalized };
}

/** In capital letters, with a colon after every octet. */
function fingerprint(written: string | undefined): string | undefined {
  return written?.replaceAll(":", "").toUpperCase().match(/../g)?.join(":");
}

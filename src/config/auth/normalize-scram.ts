/**
 * Normalizes `auth.scram`.
 *
 * @module
 */

import * as v from "valibot";
import { integer } from "#config/schema/primitive.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import type { ScramPrincipal } from "./principal-config.ts";
import { eachPrincipal, type NormalizedAuth, type StaticItem } from "./static-auth.ts";

const argonMemory = integer(8, 4_194_304);

/** The normalized authmethod. */
export function normalizeScram(
  { principals }: StaticItem<"scram">,
  path: JsonPath,
  context: TransportContext,
): NormalizedAuth<"scram"> {
  const { report } = context;
  const normalize = (written: StaticItem<"scram">["principals"][string], at: JsonPath) => {
    const { kdf, iterations, memory } = written;
    const authid = String(at.at(-1));
    if (!/^[\x20-\x7e]+$/.test(authid)) {
      report.fault(at, "expected an authid of printable ASCII: no other is signed by all clients");
    }
    if (kdf === "argon2id-13" && memory === undefined) {
      report.fault(at, 'argon2id-13 needs "memory", in KiB');
    } else if (kdf === "argon2id-13" && !v.is(argonMemory, memory)) {
      report.fault([...at, "memory"], `expected an integer from 8 to 4194304, found ${memory}`);
    } else if (kdf === "pbkdf2" && memory) {
      report.warn([...at, "memory"], "not honoured: pbkdf2 needs no memory");
    }
    const principal: ScramPrincipal = {
      kdf,
      iterations,
      ...(kdf === "argon2id-13" && memory !== undefined ? { memory } : {}),
      salt: written.salt.toLowerCase(),
      "stored-key": written["stored-key"].toLowerCase(),
      "server-key": written["server-key"].toLowerCase(),
    };
    return principal;
  };
  const normalized = eachPrincipal(principals, [...path, "principals"], context, normalize);
  return { type: "static", principals: normalized };
}

/**
 * Normalizes authmethods of type `static`: one function for each.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import type { Authmethod } from "./auth-config.ts";
import { normalizeCryptosign } from "./normalize-cryptosign.ts";
import { normalizeScram } from "./normalize-scram.ts";
import { normalizeTls } from "./normalize-tls-auth.ts";
import { normalizeSignedProxy, normalizeTrustedProxy } from "./normalize-trusted-proxy.ts";
import { normalizeWampCra } from "./normalize-wampcra.ts";
import { warnOfRole } from "./role-rules.ts";
import { readSecret } from "./secret.ts";
import { eachPrincipal, type NormalizedAuth, type StaticItem } from "./static-auth.ts";

/** In the order of the reference. */
export const staticMethods: {
  [Method in Authmethod]: (
    item: StaticItem<Method>,
    path: JsonPath,
    context: TransportContext,
  ) => NormalizedAuth<Method>;
} = {
  anonymous: normalizeAnonymous,
  ticket: normalizeTicket,
  wampcra: normalizeWampCra,
  scram: normalizeScram,
  cryptosign: normalizeCryptosign,
  tls: normalizeTls,
  cookie: normalizeCookieAuth,
  "anonymous-proxy": normalizeTrustedProxy,
  "cryptosign-proxy": normalizeSignedProxy,
};

function normalizeAnonymous(
  { role, authid }: StaticItem<"anonymous">,
  path: JsonPath,
  context: TransportContext,
): NormalizedAuth<"anonymous"> {
  warnOfRole(role, path, context);
  return { type: "static", role, ...(authid === undefined ? {} : { authid }) };
}

function normalizeTicket(
  { principals }: StaticItem<"ticket">,
  path: JsonPath,
  context: TransportContext,
): NormalizedAuth<"ticket"> {
  const normalized = eachPrincipal(principals, [...path, "principals"], context, (one, at) => ({
    ticket: readSecret(one.ticket, [...at, "ticket"], context.report),
  }));
  return { type: "static", principals: normalized };
}

/** With the origin `*`, a page of any site could join as the user that opens it. */
function normalizeCookieAuth(
  _item: unknown,
  path: JsonPath,
  { report, cookieOrigins }: TransportContext,
): NormalizedAuth<"cookie"> {
  if (cookieOrigins?.includes("*")) {
    const sentence = "pages of every origin can join in a visitor's name; list allowed_origins";
    report.warn(path, sentence);
  }
  return {};
}

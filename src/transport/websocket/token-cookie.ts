/**
 * Tokens in cookies: a page's browser sends the JWT of its visitor, which the page itself cannot read (`HttpOnly`).
 *
 *     Cookie: theme=dark; access_token=eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl
 *
 * A browser sends its cookies from pages of any site, so that only those of listed pages count.
 *
 * @module
 */

import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { TokenCookieConfig } from "#config/auth/token-config.ts";
import type { ReadableFields } from "#transport/http/header-fields.ts";
import type { CookieToken, TransportDetails } from "#wamp/peer.ts";
import { isOriginAllowed } from "./origin.ts";

/** The part of a handshake's details that is its token, if clients may join here with it. */
export function ticketInCookie(
  auth: AuthConfig | "passthrough",
  headers: ReadableFields,
): Pick<TransportDetails, "cookieToken"> {
  const ticket = auth === "passthrough" ? undefined : auth.ticket;
  if (ticket?.type !== "jwt" || ticket.cookie === undefined) return {};
  const cookieToken = tokenInCookie(headers, ticket.cookie);
  return cookieToken === undefined ? {} : { cookieToken };
}

/** The token in the cookie of a request; undefined: it has none, or its page is not listed. */
export function tokenInCookie(
  headers: ReadableFields,
  { name, allowed_origins }: TokenCookieConfig,
): CookieToken | undefined {
  const header = headers.get("cookie");
  if (header === null) return undefined;
  const values = valuesOf(header, name);
  if (values.length === 0 || !isOfListedPage(headers, allowed_origins)) return undefined;
  // Another site of the same domain may have set one of them, and it is unknown which.
  if (values.length > 1) return { fault: `there are several cookies "${name}"` };
  return { token: values[0] ?? "" };
}

/** The values of all cookies of this name that are not empty, without the quotes that may enclose them. */
function valuesOf(header: string, name: string): string[] {
  return header.split(";").flatMap((pair) => {
    const text = pair.trim();
    if (!text.startsWith(`${name}=`)) return [];
    const value = text.slice(name.length + 1).replace(/^"(.*)"$/, "$1");
    return value === "" ? [] : [value];
  });
}

/** Programs name no origin, and browsers none where a page gets from its own origin. */
function isOfListedPage(headers: ReadableFields, allowed_origins: readonly string[]): boolean {
  const site = headers.get("sec-fetch-site");
  const isForeign = site !== null && site !== "same-origin" && site !== "none";
  if (!headers.has("origin")) return !isForeign;
  return isOriginAllowed(headers.get("origin"), { allowed_origins, allow_null_origin: false });
}

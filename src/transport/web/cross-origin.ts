/**
 * Answers that pages of any origin may read (Fetch standard, "CORS protocol").
 *
 * The origin is `*`, and credentials are never allowed: a page elsewhere gets what everybody gets.
 *
 * @module
 */

import type { HttpRequest } from "#transport/http/http-request.ts";

/** Headers of every answer of a service that lets pages of any origin read it, or does not. */
export function crossOriginHeaders(isAllowed: boolean): Record<string, string> {
  return isAllowed ? { "Access-Control-Allow-Origin": "*" } : {};
}

/** A browser need not ask again for a day, or for as long as it remembers an answer at most. */
export const REMEMBERED_PREFLIGHT = { "Access-Control-Max-Age": "86400" };

/** Headers of the answer to a browser that asks before a request of these methods. */
export function preflightHeaders(
  { headers }: Pick<HttpRequest, "headers">,
  methods: string,
): Record<string, string> {
  const allowed = crossOriginHeaders(true);
  if (!headers.has("access-control-request-method")) return allowed;
  const names = headers.get("access-control-request-headers");
  return {
    ...allowed,
    "Access-Control-Allow-Methods": methods,
    ...REMEMBERED_PREFLIGHT,
    ...(names !== null && { "Access-Control-Allow-Headers": names }),
  };
}

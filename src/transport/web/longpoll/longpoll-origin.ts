/**
 * Which pages may use a long-poll path, and the headers by which their browsers know it.
 *
 * The id of a transport is all that a request needs, so a browser may send its cookies from pages of any origin that
 * is allowed. Only where the path issues a cookie, which may stand for a login, or takes tokens from one, the origin has
 * to be listed.
 *
 * @module
 */

import type { LongPollServiceConfig } from "#config/web-service/longpoll-config.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import { preflightHeaders } from "#transport/web/cross-origin.ts";
import { isOriginAllowed } from "#transport/websocket/origin.ts";

const COMMON = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
  Vary: "Origin",
} as const;

/** The pages of one path. */
export class LongPollOrigins {
  readonly #options: LongPollServiceConfig["options"];
  /** The origins whose cookies mean something; null: those of no page do. */
  readonly #listed: readonly string[] | null;

  constructor(config: LongPollServiceConfig) {
    this.#options = config.options;
    this.#listed = listedOrigins(config);
  }

  /** Whether the page that sends a request may use the path; a program may. */
  isAllowed({ headers }: ClientRequest): boolean {
    return isOriginAllowed(headers.get("origin"), this.#options);
  }

  /** The fields of every answer to a request. */
  headersFor({ headers }: ClientRequest): Record<string, string> {
    const origin = headers.get("origin");
    if (origin === null || !isOriginAllowed(origin, this.#options)) return COMMON;
    if (!this.#mayHaveCookies(origin)) return { ...COMMON, "Access-Control-Allow-Origin": "*" };
    const credentials = { "Access-Control-Allow-Credentials": "true" };
    return { ...COMMON, "Access-Control-Allow-Origin": origin, ...credentials };
  }

  /** Further fields of the answer to a browser that asks before it sends a request of these methods. */
  preflightFor(request: ClientRequest, methods: string): Record<string, string> {
    return { Allow: methods, ...preflightHeaders(request, methods), ...this.headersFor(request) };
  }

  #mayHaveCookies(origin: string): boolean {
    if (this.#listed === null) return true;
    const rules = { allowed_origins: this.#listed, allow_null_origin: false };
    return isOriginAllowed(origin, rules);
  }
}

function listedOrigins({ auth, cookie, options }: LongPollServiceConfig): readonly string[] | null {
  const ticket = auth === "passthrough" ? undefined : auth.ticket;
  const token = ticket?.type === "jwt" ? ticket.cookie : undefined;
  if (cookie === undefined) return token?.allowed_origins ?? null;
  const ofLogins = options.allowed_origins.filter((pattern) => pattern !== "*");
  return [...ofLogins, ...(token?.allowed_origins ?? [])];
}

/**
 * Decides which requests the admin endpoint answers.
 *
 *     any path            Host has to be an address or `localhost` where there is neither a token nor TLS, so that no page
 *                         can reach the endpoint by a name of its own that leads to this machine
 *     but health checks   the token, where there is one
 *     POST                no request that a page of another site makes
 *
 * @module
 */

import { isIP } from "node:net";
import { isEqualSecret } from "#base/constant-time.ts";
import type { AdminConfig } from "#config/node/node-config.ts";
import { textAnswer } from "./admin-answer.ts";

/** The answer to a request that is refused; null: it may go on. `isOpen`: it needs no token. */
export function refusalOf(
  request: Request,
  { endpoint, token }: Pick<AdminConfig, "endpoint" | "token">,
  isOpen: boolean,
): Response | null {
  const host = request.headers.get("host") ?? "";
  const isPlainPort = endpoint.type === "tcp" && endpoint.tls === undefined;
  if (token === null && isPlainPort && !isLocalName(host)) {
    return textAnswer(403, "Cannot answer: the host is neither an address nor localhost");
  }
  if (token !== null && !isOpen && !hasToken(request, token)) {
    return textAnswer(401, "Cannot answer: the token is missing or wrong", {
      "WWW-Authenticate": 'Bearer realm="crossproxy"',
    });
  }
  if (request.method === "POST" && isCrossSite(request, host)) {
    return textAnswer(403, "Cannot change anything: the request is that of another site's page");
  }
  return null;
}

function isLocalName(host: string): boolean {
  const name = host.replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
  return name === "localhost" || isIP(name) !== 0;
}

function hasToken(request: Request, token: string): boolean {
  const [, shown] = /^bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
  return shown !== undefined && isEqualSecret(shown, token);
}

/** Browsers name the origin of the page in every POST, and new ones also its relation to this site. */
function isCrossSite({ headers, url }: Request, host: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return true;
  const origin = headers.get("origin");
  return origin !== null && origin !== `${new URL(url).protocol}//${host}`;
}

/**
 * PageAccess: decides which clients see the page of the node.
 *
 * A token is sent in the header Authorization: as a bearer token, or as the password of any user, for which browsers
 * ask. It is not taken from the URL, where histories and logs would keep it.
 *
 * @module
 */

import { isEqualSecret } from "#base/constant-time.ts";
import type { NodeInfoServiceConfig } from "#config/web-service/web-service-config.ts";
import { addressRanges } from "#transport/endpoint/address-ranges.ts";
import { addressOf } from "#transport/endpoint/peer-address.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import { errorPage } from "#transport/web/error-page.ts";

/** Asks for the token; browsers know of the two schemes only the first. */
const CHALLENGE = 'Basic realm="crossproxy", charset="UTF-8", Bearer realm="crossproxy"';

/** The rules of one path. */
export class PageAccess {
  readonly #isPermitted: ((address: string) => boolean) | null;
  readonly #token: string | null;

  constructor({ require_ip, token }: NodeInfoServiceConfig) {
    this.#isPermitted = require_ip === null ? null : addressRanges(require_ip);
    this.#token = token;
  }

  /** The answer to a request of a client that may not see the page; null: it may. */
  refusalOf({ peer, headers }: ClientRequest): HttpAnswer | null {
    if (this.#isPermitted !== null) {
      const address = addressOf(peer);
      // A client of a Unix socket has no address.
      if (address === null || !this.#isPermitted(address)) return errorPage(403);
    }
    if (this.#token === null) return null;
    const shown = tokenIn(headers.get("authorization") ?? "");
    if (shown !== null && isEqualSecret(shown, this.#token)) return null;
    return errorPage(401, { "WWW-Authenticate": CHALLENGE });
  }
}

/** The token in a header Authorization; null: it has none. */
function tokenIn(authorization: string): string | null {
  const [, scheme = "", credentials = ""] = /^(\S+) +(\S+)$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === "bearer") return credentials;
  if (scheme.toLowerCase() !== "basic") return null;
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(credentials, "base64").toString()) ?? [];
  return password ?? null;
}

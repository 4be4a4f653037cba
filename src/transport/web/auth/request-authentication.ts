/**
 * RequestAuthentication: finds out in whose name the requests of one path act: by a bearer token, a token in a cookie, or
 * the cookie of a login, in this order. What is refused is not made good by another one.
 *
 * @module
 */

import type { PathAuthConfig } from "#config/web-service/path-auth-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { ReadableFields } from "#transport/http/header-fields.ts";
import type { ClientLogin } from "#transport/listener.ts";
import { type BridgeAnswer, denial } from "#transport/web/bridge/bridge-answer.ts";
import type { ClientCookie, CookieToken } from "#wamp/peer.ts";
import { bearerTokenOf } from "./authorization-header.ts";
import { BearerTokens, type TokenPath } from "./bearer-tokens.ts";
import type { CookieLogins } from "./cookie-logins.ts";
import { openKeys } from "./open-keys.ts";
import type { PathAccess, RequestAccess } from "./request-access.ts";

const NO_LOGIN = denial(
  403,
  "Cannot take the request: its cookie stands for no login in this realm",
);

const LOGIN_WITHOUT_ROLE = denial(403, "Cannot take the request: no session can have its role");

/** The authentication of one path. */
export class RequestAuthentication implements PathAccess {
  readonly #path: TokenPath;
  readonly #tokens: BearerTokens | null;
  readonly #logins: CookieLogins | null;

  /**
   * `logins` is null where cookies are not taken.
   *
   * @throws Failure when the keys of tokens cannot be read from their file.
   */
  constructor(
    { bearer }: Pick<PathAuthConfig, "bearer">,
    path: TokenPath,
    logins: CookieLogins | null,
    log: Logger,
  ) {
    this.#path = path;
    this.#tokens = bearer && new BearerTokens(bearer, path, openKeys(bearer, log), log);
    this.#logins = logins;
  }

  answerToHead(headers: ReadableFields): BridgeAnswer | null {
    if (this.#tokens === null) return null;
    const token = bearerTokenOf(headers);
    if (token === undefined) return this.#tokens.challenges.refused(MALFORMED_HEADER);
    const mayHaveAnother = this.#logins !== null || this.#tokens.inCookie(headers) !== undefined;
    return token === null && !mayHaveAnother ? this.#tokens.challenges.missing() : null;
  }

  async admit(
    headers: ReadableFields,
    takesCookie: boolean,
  ): Promise<RequestAccess | BridgeAnswer> {
    const token = bearerTokenOf(headers);
    if (this.#tokens !== null && typeof token === "string") return this.#tokens.admit(token);
    const inCookie = this.#tokens?.inCookie(headers);
    if (this.#tokens && inCookie) return this.#admitCookie(this.#tokens, inCookie);
    const cookie = takesCookie ? this.#logins?.cookieOf(headers) : undefined;
    const access = cookie && this.#accessBy(cookie);
    return access ?? this.#tokens?.challenges.missing() ?? NO_LOGIN;
  }

  close(): void {
    this.#tokens?.close();
  }

  #admitCookie(
    tokens: BearerTokens,
    found: CookieToken,
  ): BridgeAnswer | Promise<RequestAccess | BridgeAnswer> {
    if ("token" in found) return tokens.admit(found.token);
    return tokens.challenges.refused({ code: "invalid_request", state: found.fault });
  }

  /** The right of a login, which holds until its client logs out, or the cookie expires. */
  #accessBy(cookie: ClientCookie): RequestAccess | undefined {
    const login = this.#loginBy(cookie);
    if (login === undefined) return undefined;
    const { authid, authrole, authmethod, authprovider } = login;
    const holds = () => {
      const now = this.#loginBy(cookie);
      return now?.authid === authid && now.authrole === authrole;
    };
    return {
      role: authrole,
      principal: {
        authid,
        authmethod: authmethod ?? "cookie",
        authprovider: authprovider ?? "cookie",
      },
      holds,
      roleRefusal: LOGIN_WITHOUT_ROLE,
    };
  }

  /** A login is for one realm. */
  #loginBy(cookie: ClientCookie): ClientLogin | undefined {
    const login = this.#logins?.loginBy(cookie);
    return login?.realm === this.#path.realm ? login : undefined;
  }
}

const MALFORMED_HEADER = {
  code: "invalid_request",
  state: "the header Authorization has no bearer token alone",
} as const;

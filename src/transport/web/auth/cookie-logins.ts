/**
 * CookieLogins: the logins for which the cookies of WebSocket clients stand, on the other paths of their transport.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { CookieLoginConfig } from "#config/web-service/path-auth-config.ts";
import type { WebSocketServiceConfig } from "#config/web-service/web-service-config.ts";
import type { ReadableFields } from "#transport/http/header-fields.ts";
import type { ClientLogin, RecallLogin } from "#transport/listener.ts";
import { servicesOf, type WebServerConfig } from "#transport/web/service-paths.ts";
import type { CookieTracker } from "#transport/websocket/cookie-tracker.ts";
import type { ClientCookie } from "#wamp/peer.ts";

/** What the logins of a transport are made of. */
export interface CookieLoginSources {
  trackers: ReadonlyMap<WebSocketServiceConfig, CookieTracker>;
  recall: RecallLogin;
}

/** The logins by the cookies of one WebSocket. */
export class CookieLogins {
  readonly #auth: AuthConfig;
  readonly #tracker: CookieTracker;
  readonly #recall: RecallLogin;

  constructor(auth: AuthConfig, tracker: CookieTracker, recall: RecallLogin) {
    this.#auth = auth;
    this.#tracker = tracker;
    this.#recall = recall;
  }

  /**
   * Finds the WebSocket on a transport.
   *
   * @throws Failure when there is none whose cookies are logins; a checked configuration has it.
   */
  static find(
    { websocket }: CookieLoginConfig,
    server: WebServerConfig,
    { trackers, recall }: CookieLoginSources,
  ): CookieLogins {
    for (const { path, config } of servicesOf(server)) {
      if (config.type !== "websocket" || config.auth === "passthrough") continue;
      const tracker = trackers.get(config);
      const isLogin = tracker !== undefined && config.auth.cookie !== undefined;
      const isMeant = websocket === null || websocket === path;
      if (isLogin && isMeant) return new CookieLogins(config.auth, tracker, recall);
    }
    throw new Failure("Cannot take cookies as logins: no WebSocket has such a cookie", {
      source: "internal",
    });
  }

  /** The cookie of a request; undefined: it has none that was issued here. */
  cookieOf(headers: ReadableFields): ClientCookie | undefined {
    return this.#tracker.recognize(headers.get("cookie"), Date.now());
  }

  /** The login that a cookie stands for now; undefined: there is none. */
  loginBy(cookie: ClientCookie): ClientLogin | undefined {
    return this.#recall(this.#auth, cookie);
  }
}

/**
 * Authmethod `cookie`: a WebSocket client that has joined before with this cookie needs no proof.
 *
 * The cookie stands for the identity of the client's last join by another authmethod, until the cookie
 * expires or the client sends GOODBYE `wamp.close.logout`.
 *
 * @module
 */

import { asRecord } from "#base/record.ts";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { ClientCookie, TransportDetails } from "#wamp/peer.ts";
import type { AuthOutcome, HelloRequest, PendingAuth } from "./pending-auth.ts";
import { isStillListed } from "./remembered-login.ts";
import type { SessionIdentity } from "./session-identity.ts";

/** Accepts the identity that the cookie stands for. */
export class CookieAuth implements PendingAuth {
  readonly #login: SessionIdentity;

  constructor(login: SessionIdentity) {
    this.#login = login;
  }

  hello(): AuthOutcome {
    return { kind: "accept", identity: { ...this.#login, authprovider: PROVIDER } };
  }
}

/** The identity that a client's cookie stands for; undefined: the client needs another authmethod. */
export function recallLogin(auth: AuthConfig, request: HelloRequest): SessionIdentity | undefined {
  const { authid, transport } = request;
  const login = transport.cookie && loginOf(auth, transport.cookie);
  return authid === undefined || authid === login?.authid ? login : undefined;
}

/** The same, whatever authid the client asks for. */
export function loginOf(auth: AuthConfig, cookie: ClientCookie): SessionIdentity | undefined {
  if (auth.cookie === undefined) return undefined;
  const login = asLogin(cookie.recall());
  return login !== undefined && isStillListed(auth, login) ? login : undefined;
}

/** Stores the identity of a joined client, where `cookie` is configured; a join by cookie is not new. */
export function rememberLogin(
  auth: AuthConfig,
  transport: TransportDetails,
  identity: SessionIdentity,
): void {
  if (auth.cookie === undefined || identity.authprovider === PROVIDER) return;
  transport.cookie?.remember({ ...identity });
}

/**
 * Removes the stored identity, and the token of the handshake, when the reason of a GOODBYE is `wamp.close.logout`: the
 * client does not join by its cookie again.
 */
export function forgetLogin(transport: TransportDetails, reason: unknown): void {
  if (reason !== ErrorUri.logout) return;
  transport.cookie?.forget();
  delete transport.cookieToken;
}

/** WELCOME's `authprovider`, as in Crossbar; `authmethod` is that of the stored join. */
const PROVIDER = "cookie";

/** The stored identity, checked because it was read from a file. */
function asLogin(stored: Record<string, unknown> | undefined): SessionIdentity | undefined {
  if (stored === undefined) return undefined;
  const { realm, authid, authrole, authmethod, authprovider, authextra } =
    stored as Partial<SessionIdentity>;
  const names = [realm, authid, authrole, authmethod, authprovider];
  if (names.some((name) => typeof name !== "string" || name === "")) return undefined;
  return { ...(stored as unknown as SessionIdentity), authextra: asRecord(authextra) };
}

/**
 * Authmethod `cookie`: a WebSocket client that has joined before with this cookie needs no proof.
 *
 * What is remembered is who the client was in its last join that had to be proved, until the cookie
 * expires or the client says GOODBYE `wamp.close.logout`.
 *
 * @module
 */

import { asRecord } from "#base/record.ts";
import type { AuthConfig } from "#config/node-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { TransportDetails } from "#wamp/peer.ts";
import type { AuthOutcome, HelloRequest, PendingAuth } from "./pending-auth.ts";
import type { SessionIdentity } from "./session-identity.ts";

/** Lets in whom the cookie stands for. */
export class CookieAuth implements PendingAuth {
  readonly #login: SessionIdentity;

  constructor(login: SessionIdentity) {
    this.#login = login;
  }

  hello(): AuthOutcome {
    return { kind: "accept", identity: { ...this.#login, authprovider: PROVIDER } };
  }
}

/** Whom a client's cookie stands for; undefined: it has to prove who it is in another way. */
export function recallLogin(auth: AuthConfig, request: HelloRequest): SessionIdentity | undefined {
  const { authmethods, authid, transport } = request;
  if (auth.cookie === undefined || !authmethods.includes("cookie")) return undefined;
  const login = asLogin(transport.cookie?.recall());
  // Paths may share a file of cookies: a proof that would not do here does not do by cookie either.
  if (login === undefined || !Object.hasOwn(auth, login.authmethod)) return undefined;
  return authid === undefined || authid === login.authid ? login : undefined;
}

/** Remembers who has joined, where that is configured; a join by cookie was remembered before. */
export function rememberLogin(
  auth: AuthConfig,
  transport: TransportDetails,
  identity: SessionIdentity,
): void {
  if (auth.cookie === undefined || identity.authprovider === PROVIDER) return;
  transport.cookie?.remember({ ...identity });
}

/** Forgets who has joined, when a client leaves with this reason. */
export function forgetLogin(transport: TransportDetails, reason: unknown): void {
  if (reason === ErrorUri.logout) transport.cookie?.forget();
}

/** WELCOME's `authprovider`, as in Crossbar; `authmethod` is the one that the client had proved. */
const PROVIDER = "cookie";

/** What was remembered comes out of a file, so nothing is taken for granted. */
function asLogin(remembered: Record<string, unknown> | undefined): SessionIdentity | undefined {
  if (remembered === undefined) return undefined;
  const { realm, authid, authrole, authmethod, authprovider, authextra } =
    remembered as Partial<SessionIdentity>;
  const names = [realm, authid, authrole, authmethod, authprovider];
  if (names.some((name) => typeof name !== "string" || name === "")) return undefined;
  return { ...(remembered as unknown as SessionIdentity), authextra: asRecord(authextra) };
}

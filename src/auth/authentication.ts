/**
 * Authentication: from HELLO, over CHALLENGE and AUTHENTICATE, to the identity of the client or its
 * denial.
 *
 *     [HELLO, realm, details]    [CHALLENGE, authmethod, extra]    [AUTHENTICATE, signature, extra]
 *
 * The proxy and the router use the same code. It reads messages and returns outcomes; the session sends
 * messages and has the deadlines. (WAMP specification, sections "Session Establishment" and
 * "Authentication Methods".)
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { asRecord } from "#base/record.ts";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { randomId } from "#wamp/id.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import { MAX_JOIN_OCTETS, type TransportDetails, type WireMessage } from "#wamp/peer.ts";
import type { AskableAuthenticators } from "./authenticators.ts";
import { beginAuth } from "./authmethods.ts";
import { rememberLogin } from "./cookie.ts";
import type { AuthContext, AuthOutcome, Deny, PendingAuth } from "./pending-auth.ts";
import { readHello, readRoles, violation } from "./read-hello.ts";
import type { SessionIdentity } from "./session-identity.ts";

/** Limits the failed attempts of a client's address. */
export interface FailedAttempts {
  /** Whether there were so many that further attempts are refused without a check for now. */
  readonly areTooMany: boolean;
  /**
   * Begins an attempt, before its proof is checked. Waits while as many attempts of the address are
   * being checked as may still fail. Undefined: too many have failed.
   */
  begin(): Promise<Attempt | undefined>;
}

/** An attempt whose proof is being checked. */
export interface Attempt {
  /** Has to be called; only the first call has an effect. */
  end(hasFailed: boolean): void;
}

/** What an authentication needs of its worker. */
export interface AuthenticationSupport extends AskableAuthenticators {
  /** Undefined: attempts are not limited. */
  failedAttempts?: FailedAttempts | undefined;
}

/** The authentication of one HELLO. */
export class Authentication {
  readonly #auth: AuthConfig;
  readonly #transport: TransportDetails;
  readonly #support: AuthenticationSupport;
  readonly #canceled: AbortSignal;
  #pending: PendingAuth | undefined;
  #roles: Record<string, unknown> = {};

  /** When `canceled` is aborted, calls to authenticators are canceled. */
  constructor(
    auth: AuthConfig,
    transport: TransportDetails,
    support: AuthenticationSupport,
    canceled: AbortSignal,
  ) {
    this.#auth = auth;
    this.#transport = transport;
    this.#support = support;
    this.#canceled = canceled;
  }

  /** The roles and features that the client announced in HELLO. */
  get clientRoles(): Record<string, unknown> {
    return this.#roles;
  }

  /**
   * Answers a HELLO.
   *
   * @throws Failure from the client's side when the message is no HELLO.
   */
  async hello(message: readonly unknown[]): Promise<AuthOutcome> {
    const request = readHello(message, this.#transport);
    this.#roles = readRoles(asRecord(message[2])["roles"]);
    let pendingSession: number | undefined;
    return this.#judge(() => {
      const context = {
        // Few authmethods tell it to anyone.
        get pendingSession() {
          pendingSession ??= randomId();
          return pendingSession;
        },
        request,
        askable: this.#support,
        signal: this.#canceled,
      };
      this.#pending = choosePendingAuth(this.#auth, request.authmethods, context);
      return this.#pending?.hello(request) ?? NO_AUTHMETHOD;
    });
  }

  /**
   * Answers an AUTHENTICATE.
   *
   * @throws Failure from the client's side when the message is no AUTHENTICATE.
   */
  async authenticate(message: readonly unknown[]): Promise<AuthOutcome> {
    const [type, signature, extra] = message;
    const pending = this.#pending;
    if (type !== MessageType.AUTHENTICATE || pending?.authenticate === undefined) {
      throw violation(`Cannot accept ${messageTypeName(Number(type))}: no CHALLENGE is pending`);
    }
    if (typeof signature !== "string") {
      throw violation("Cannot read AUTHENTICATE: signature is not a string");
    }
    const answer = pending.authenticate.bind(pending, signature, asRecord(extra));
    return this.#judge(answer);
  }

  /** The client was sent WELCOME: if `cookie` is configured, its cookie authenticates it from now on. */
  welcomed(identity: SessionIdentity): void {
    rememberLogin(this.#auth, this.#transport, identity);
  }

  /** Judges an attempt, unless the client's address has failed too often. */
  async #judge(judge: () => AuthOutcome | Promise<AuthOutcome>): Promise<AuthOutcome> {
    const { failedAttempts } = this.#support;
    if (failedAttempts === undefined) return judge();
    const attempt = await failedAttempts.begin();
    if (attempt === undefined) return TOO_MANY_ATTEMPTS;
    let hasFailed = false;
    try {
      this.#canceled.throwIfAborted();
      const outcome = await judge();
      hasFailed = outcome.kind === "deny" && !outcome.isBlameless;
      return outcome;
    } finally {
      attempt.end(hasFailed);
    }
  }
}

const NO_AUTHMETHOD: Deny = {
  kind: "deny",
  uri: ErrorUri.noAuthMethod,
  message: "Cannot authenticate: no suitable authmethod found",
  isBlameless: true,
};

/**
 * Refuses, before decoding it, a HELLO or AUTHENTICATE that is longer than `MAX_JOIN_OCTETS`.
 *
 * @throws Failure from the client's side.
 */
export function refuseTooLong(message: WireMessage): void {
  if (message.length <= MAX_JOIN_OCTETS) return;
  throw new Failure(`Cannot join: the message is longer than ${MAX_JOIN_OCTETS} octets`, {
    source: "client",
    uri: ErrorUri.payloadSizeExceeded,
  });
}

/** The denial for an address that has failed too often, even if its credentials are right. */
export const TOO_MANY_ATTEMPTS: Deny = {
  kind: "deny",
  uri: ErrorUri.authenticationFailed,
  message: "Cannot authenticate: too many attempts from this address failed; try again in a minute",
};

/** The first of the client's authmethods that is configured; after a denial no other one is tried. */
function choosePendingAuth(
  auth: AuthConfig,
  authmethods: readonly string[],
  context: AuthContext,
): PendingAuth | undefined {
  for (const authmethod of authmethods) {
    const pending = beginAuth(authmethod, auth, context);
    if (pending !== undefined) return pending;
  }
  return undefined;
}

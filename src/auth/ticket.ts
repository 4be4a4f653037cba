/**
 * Authmethod `ticket`: the client sends the secret of the principal.
 *
 * @module
 */

import { isEqualSecret } from "#base/constant-time.ts";
import type { CookieToken } from "#wamp/peer.ts";
import {
  type AuthOutcome,
  denyProof,
  denyWrongProof,
  type HelloRequest,
  isDeny,
  type PendingAuth,
  PendingChallenge,
} from "./pending-auth.ts";
import { acceptPrincipal, type PrincipalSource } from "./principal.ts";

/** In place of a ticket: the source was given the client's ticket, and accepted it. */
export const ACCEPTED = Symbol("accepted");

/** A secret that the client sends as it is. */
export interface TicketCredentials {
  ticket: string | typeof ACCEPTED;
}

/** Challenges for a ticket unless a cookie has it, and compares it in constant time unless the source accepted it. */
export class TicketAuth implements PendingAuth {
  readonly #source: PrincipalSource<TicketCredentials>;
  readonly #takesCookie: boolean;
  readonly #pending = new PendingChallenge<HelloRequest>();

  /** `takesCookie`: a token in a cookie of the handshake is the ticket; it may be meant for another authmethod. */
  constructor(source: PrincipalSource<TicketCredentials>, takesCookie = false) {
    this.#source = source;
    this.#takesCookie = takesCookie;
  }

  hello(request: HelloRequest): AuthOutcome | Promise<AuthOutcome> {
    const { cookieToken } = request.transport;
    if (this.#takesCookie && cookieToken !== undefined)
      return this.#acceptCookie(request, cookieToken);
    this.#pending.set(request);
    return { kind: "challenge", authmethod: "ticket", extra: {} };
  }

  async authenticate(signature: string): Promise<AuthOutcome> {
    const request = this.#pending.take();
    return request === undefined ? denyProof("ticket") : this.#accept(request, signature);
  }

  /** The client has shown its ticket already: it need not be asked for it. */
  #acceptCookie(request: HelloRequest, found: CookieToken): AuthOutcome | Promise<AuthOutcome> {
    if ("fault" in found) return denyWrongProof("ticket", found.fault);
    return this.#accept(request, found.token);
  }

  async #accept(request: HelloRequest, ticket: string): Promise<AuthOutcome> {
    const query = { authmethod: "ticket", request, details: { ticket } };
    const principal = await this.#source.find(query);
    if (isDeny(principal)) return principal;
    if (principal?.ticket !== ACCEPTED) {
      // An unknown authid costs the same comparison, so that the time does not reveal which exist.
      const matches = isEqualSecret(ticket, principal?.ticket ?? "");
      if (principal === undefined || !matches) return denyProof("ticket");
    }
    return acceptPrincipal(principal, query, this.#source.authprovider);
  }
}

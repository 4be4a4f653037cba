/**
 * AuthenticatedJoin: the proxy authenticates the client, then joins a router in the client's name.
 *
 * When a router is lost, violates the protocol, shuts down or sends no WELCOME in time, the join goes
 * back to `connecting`, with the next router of the route.
 *
 * @module
 */

import { Authentication } from "#auth/authentication.ts";
import type { Accept, AuthOutcome } from "#auth/pending-auth.ts";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { BackendSession } from "#proxy/routing/backend-session.ts";
import type { Failover } from "#proxy/routing/failover.ts";
import {
  answerChallenge,
  helloToRouter,
  welcomeToClient,
} from "#proxy/routing/router-join-messages.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { Peer, WireMessage } from "#wamp/peer.ts";
import { decodeMessage } from "#wamp/serializer/message-values.ts";
import { routerViolation, violation } from "./end-reasons.ts";
import { JoinAttempt, type JoinContext, type JoinObserver } from "./join-attempt.ts";
import { endSentence, isShutdown, send } from "./session-message.ts";

/** The identity with which the client joins, and the routers that may take it. */
interface Admission {
  accept: Accept;
  failover: Failover;
}

/** A join whose client the proxy authenticates. */
export class AuthenticatedJoin extends JoinAttempt {
  readonly #authentication: Authentication;
  /** For calls to authenticators. */
  readonly #abort = new AbortController();
  #admission: Admission | undefined;
  /** Whether the present router's CHALLENGE has been answered: there is one for each HELLO. */
  #hasSigned = false;
  #welcomeTimer: Timer | undefined;

  constructor(auth: AuthConfig, client: Peer, context: JoinContext, observer: JoinObserver) {
    super(client, context, observer);
    this.#authentication = new Authentication(auth, client.details, context, this.#abort.signal);
  }

  begin(hello: readonly unknown[]): void {
    this.run(this.#onOutcome(this.#authentication.hello(hello)));
  }

  authenticate(message: WireMessage): void {
    if (this.name !== "challenged") throw violation(MessageType.AUTHENTICATE, this.name);
    this.context.timeouts.authenticated();
    // From now on a second AUTHENTICATE is refused.
    this.name = "authenticating";
    const values = decodeMessage(message, this.client.serializer);
    this.run(this.#onOutcome(this.#authentication.authenticate(values)));
  }

  override cancel(): void {
    clearTimeout(this.#welcomeTimer);
    this.#abort.abort();
    super.cancel();
  }

  protected onWelcome(message: WireMessage, router: BackendSession): void {
    clearTimeout(this.#welcomeTimer);
    const { identity, welcomeExtra, until } = this.#admitted.accept;
    const welcome = decodeMessage(message, router.peer.serializer);
    send(welcomeToClient(welcome, identity, welcomeExtra), this.client);
    this.#authentication.welcomed(identity);
    const { realm, authid, authrole, authmethod } = identity;
    this.joined(message, router, { realm, authid, authrole, authmethod }, until);
  }

  protected onChallenge(message: WireMessage, { backend, peer }: BackendSession): void {
    if (this.#hasSigned || backend.config.auth !== "cryptosign-proxy") {
      throw routerViolation(MessageType.CHALLENGE);
    }
    this.#hasSigned = true;
    const challenge = decodeMessage(message, peer.serializer);
    send(answerChallenge(challenge, this.context.node), peer);
  }

  protected onAbort(message: WireMessage, router: BackendSession): void {
    if (isShutdown(message, router.peer)) {
      this.#admitted.failover.failed(router.backend, "it shuts down");
      if (this.#joinNext()) return;
    }
    this.abortedBy(router, message, endSentence(message, router.peer));
  }

  protected tryNextRouter({ backend }: BackendSession, reason: string): boolean {
    this.#admitted.failover.lost(backend, reason);
    return this.#joinNext();
  }

  get #admitted(): Admission {
    if (this.#admission === undefined) throw new Error("the client is not authenticated yet");
    return this.#admission;
  }

  async #onOutcome(authentication: Promise<AuthOutcome>): Promise<void> {
    const outcome = await authentication;
    if (this.canceled.aborted) return;
    if (outcome.kind === "challenge") {
      this.name = "challenged";
      send([MessageType.CHALLENGE, outcome.authmethod, outcome.extra], this.client);
      this.context.timeouts.awaitAuthenticate();
    } else if (outcome.kind === "deny") {
      this.deny(outcome);
    } else {
      const { config, routes } = this.context;
      const { realm, authrole } = outcome.identity;
      const route =
        config.backend === null
          ? routes.routeFor(realm, authrole)
          : routes.routeOver(config.backend);
      this.#admission = { accept: outcome, failover: this.startFailover(route) };
      await this.#joinRouter(this.#admission);
    }
  }

  /** Connects to the next router and sends HELLO in the client's name. */
  async #joinRouter({ accept, failover }: Admission): Promise<void> {
    const client = { roles: this.#authentication.clientRoles, transport: this.client.details };
    const { router, hello } = await this.connect(failover, (one) =>
      helloToRouter(accept.identity, client, this.context.node, one.vouchingAuth()),
    );
    const { backend, peer } = router;
    this.#hasSigned = false;
    send(hello, peer);
    // While there is another router, WELCOME has the same timeout as the connection.
    if (failover.isExhausted) return;
    const { timeoutMs } = backend.config.transport.endpoint;
    this.#welcomeTimer = setTimeout(() => {
      failover.failed(backend, `no WELCOME within ${timeoutMs} ms`);
      this.#joinNext();
    }, timeoutMs);
  }

  /** Leaves the router and joins the next one; false, without leaving, when none is left. */
  #joinNext(): boolean {
    const admission = this.#admitted;
    clearTimeout(this.#welcomeTimer);
    if (admission.failover.isExhausted) return false;
    this.leaveRouter();
    this.run(this.#joinRouter(admission));
    return true;
  }
}

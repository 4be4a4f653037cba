/**
 * FrontendJoin: one client's attempt to join, from its HELLO to the router's WELCOME.
 *
 *     authenticating -accepted-> connecting -> joining -WELCOME->
 *          |    ^
 *     CHALLENGE AUTHENTICATE
 *          v    |
 *        challenged
 *
 * Passing through, there is no `authenticating`: HELLO, CHALLENGE and AUTHENTICATE travel between
 * client and router while `joining`.
 *
 * A router that is lost, makes no sense, shuts down or says nothing before its WELCOME leads back to `connecting` with
 * the next of its route. Passing through it does not: what a client says itself, one router is told.
 *
 * @module
 */

import type { AuthOutcome } from "#auth/pending-auth.ts";
import type { SessionIdentity } from "#auth/session-identity.ts";
import { Failure } from "#base/failure.ts";
import type { SessionConfig } from "#config/node-config.ts";
import type { LogFields } from "#observe/logger.ts";
import type { BackendObserver, BackendSession } from "#proxy/routing/backend-session.ts";
import { Failover } from "#proxy/routing/failover.ts";
import type { Route } from "#proxy/routing/route.ts";
import type { RouteTable } from "#proxy/routing/route-table.ts";
import {
  answerChallenge,
  helloToRouter,
  type NodeCredentials,
  welcomeToClient,
} from "#proxy/routing/router-hello.ts";
import type { ServiceSessions } from "#proxy/service/service-sessions.ts";
import {
  Authentication,
  type FailedAttempts,
  readRealm,
  TOO_MANY_ATTEMPTS,
} from "#session/authentication.ts";
import type { JoinTimeouts } from "#session/join-timeouts.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { Peer, WireMessage } from "#wamp/peer.ts";
import { decodeMessage } from "#wamp/serializer/control-message-values.ts";
import { peekMessageType } from "#wamp/serializer/peek-message-type.ts";
import { routerViolation, violation } from "./end-reasons.ts";
import { reconnectsOnlyAfterBareClose } from "./reconnecting-clients.ts";
import { welcomeFields } from "./session-log.ts";
import { forward, namesProxyAuthmethod, send } from "./session-message.ts";
import type { SessionState } from "./session-states.ts";

/** What a join needs beside the client. */
export interface JoinContext {
  config: SessionConfig;
  node: NodeCredentials;
  routes: RouteTable;
  services: ServiceSessions;
  /** Undefined: attempts are not limited. */
  failedAttempts: FailedAttempts | undefined;
  /** Runs since HELLO. */
  clock: JoinTimeouts;
  /** Is told what the router says, during the join and after it. */
  observer: BackendObserver;
}

/** How a join ends; one of these is called, once, unless it is canceled. */
export interface JoinObserver {
  /** The client was sent WELCOME; `identity` is for the log. */
  onJoined(backend: BackendSession, identity: LogFields): void;
  /** The client is not let in. */
  onDenied(uri: string, message: string): void;
  /** The router refused, and the client was sent its ABORT. */
  onAborted(): void;
  onFailed(thrown: unknown): void;
}

/** One HELLO and what follows from it. */
export class JoinAttempt {
  readonly #client: Peer;
  readonly #context: JoinContext;
  readonly #observer: JoinObserver;
  /** Undefined: the router authenticates. */
  readonly #join: Authentication | undefined;
  #state: "authenticating" | "challenged" | "connecting" | "joining" | "over" = "authenticating";
  #identity: SessionIdentity | undefined;
  #welcomeExtra: Record<string, unknown> | undefined;
  #search: Failover | undefined;
  #staysAway = false;
  #backend: BackendSession | undefined;
  /** Whether the client, where it passes through, or else the proxy has answered a CHALLENGE. */
  #hasProved = false;
  #patience: Timer | undefined;
  readonly #canceled = new AbortController();

  constructor(client: Peer, context: JoinContext, observer: JoinObserver) {
    this.#client = client;
    this.#context = context;
    this.#observer = observer;
    const { config, services, failedAttempts } = context;
    const { auth, backend } = config;
    const support = { authenticators: services.through(backend), failedAttempts };
    const { signal } = this.#canceled;
    this.#join =
      auth === "passthrough"
        ? undefined
        : new Authentication(auth, client.details, support, signal);
  }

  /** Begins with the client's HELLO. */
  hello(message: WireMessage): void {
    const hello = decodeMessage(message, this.#client.serializer);
    this.#staysAway = reconnectsOnlyAfterBareClose(hello);
    if (this.#join !== undefined) {
      this.#settle(this.#join.hello(hello).then((outcome) => this.#onOutcome(outcome)));
      return;
    }
    if (namesProxyAuthmethod(message, this.#client)) {
      throw new Failure("Cannot authenticate: no suitable authmethod found", {
        source: "client",
        uri: ErrorUri.noAuthMethod,
      });
    }
    if (this.#isLockedOut()) return;
    const owned = typeof message === "string" ? message : new Uint8Array(message);
    this.#settle(this.#passThrough(owned, hello[1]));
  }

  /** Whether the client comes back by itself only if its connection is merely closed. */
  get needsBareClose(): boolean {
    return this.#staysAway;
  }

  /** How far the join has come. */
  get state(): SessionState {
    return this.#state === "over" ? "closed" : this.#state;
  }

  /** Whether a router of the chosen route has ever been there, so that it is away when none answers. */
  get routerWasThere(): boolean {
    return this.#search?.routerWasThere ?? false;
  }

  /** The type of a router's message; NaN while the connection is not open for us. */
  routerMessageType(message: WireMessage): number {
    if (this.#backend === undefined) return Number.NaN;
    return peekMessageType(message, this.#router.serializer);
  }

  /** Takes what the client says before WELCOME. */
  onClientMessage(message: WireMessage): void {
    const type = peekMessageType(message, this.#client.serializer);
    if (type === MessageType.AUTHENTICATE) this.#context.clock.authenticated();
    if (type === MessageType.AUTHENTICATE && this.#state === "challenged" && this.#join) {
      // One answer to one CHALLENGE: whoever asks again meanwhile is refused.
      this.#state = "authenticating";
      const decoded = decodeMessage(message, this.#client.serializer);
      this.#settle(this.#join.authenticate(decoded).then((outcome) => this.#onOutcome(outcome)));
      return;
    }
    const isPassedOn = this.#state === "joining" && this.#join === undefined;
    if (type !== MessageType.AUTHENTICATE || !isPassedOn) throw violation(type, this.state);
    if (this.#isLockedOut()) return;
    forward(message, this.#client, this.#router);
    this.#hasProved = true;
  }

  /** Takes what the router says, up to its WELCOME. */
  onRouterMessage(message: WireMessage): void {
    if (this.#state !== "joining") return;
    const router = this.#router;
    const type = peekMessageType(message, router.serializer);
    if (type === MessageType.WELCOME) this.#welcome(message, router);
    else if (type === MessageType.ABORT) {
      if (this.#isShuttingDown(message, router)) return;
      forward(message, router, this.#client);
      if (this.#join === undefined && this.#hasProved) this.#context.failedAttempts?.add();
      // Not every router closes behind its ABORT.
      this.cancel();
      this.#observer.onAborted();
    } else if (type === MessageType.CHALLENGE && this.#join === undefined) {
      forward(message, router, this.#client);
      this.#context.clock.awaitAuthenticate();
    } else if (type === MessageType.CHALLENGE && this.#isToProve) {
      this.#hasProved = true;
      const challenge = decodeMessage(message, router.serializer);
      send(answerChallenge(challenge, this.#context.node), router);
    } else throw routerViolation(type);
  }

  /**
   * The router ended the connection, or said what makes no sense; true when that is not the end of the
   * join.
   */
  onRouterLost(reason: string): boolean {
    // Whoever waits for the connection finds that it is over.
    if (this.#state === "connecting") return true;
    if (this.#backend === undefined || this.#identity === undefined) return false;
    this.#search?.hungUp(this.#backend, reason);
    return this.#tryNext(this.#backend);
  }

  /** The client gave up, or the session ends: the router is left. */
  cancel(): void {
    const backend = this.#over();
    this.#canceled.abort();
    backend?.leave(false);
  }

  /** Whether a CHALLENGE is in order: one for each HELLO that announced a signature. */
  get #isToProve(): boolean {
    return !this.#hasProved && this.#backend?.backend.config.auth === "cryptosign-proxy";
  }

  get #router(): Peer {
    if (this.#backend === undefined) throw new Error("the join has not reached a router yet");
    return this.#backend.peer;
  }

  async #onOutcome(outcome: AuthOutcome): Promise<void> {
    if (this.#state !== "authenticating") return;
    if (outcome.kind === "challenge") {
      this.#state = "challenged";
      send([MessageType.CHALLENGE, outcome.authmethod, outcome.extra], this.#client);
      this.#context.clock.awaitAuthenticate();
    } else if (outcome.kind === "deny") {
      this.#deny(outcome.uri, outcome.message);
    } else {
      this.#welcomeExtra = outcome.welcomeExtra;
      await this.#joinRouter(outcome.identity);
    }
  }

  /** Refuses what would be passed through when this address has failed too often. */
  #isLockedOut(): boolean {
    if (!this.#context.failedAttempts?.areTooMany) return false;
    this.#deny(TOO_MANY_ATTEMPTS.uri, TOO_MANY_ATTEMPTS.message);
    return true;
  }

  #deny(uri: string, message: string): void {
    this.cancel();
    this.#observer.onDenied(uri, message);
  }

  async #joinRouter(identity: SessionIdentity): Promise<void> {
    const { config, routes } = this.#context;
    const route =
      config.backend === null
        ? routes.routeFor(identity.realm, identity.authrole)
        : routes.routeOver(config.backend);
    this.#identity = identity;
    await this.#vouch(identity, this.#searchOn(route));
  }

  /** Reaches the next router and says HELLO in the client's name. */
  async #vouch(identity: SessionIdentity, search: Failover): Promise<void> {
    const session = await this.#reach(search);
    if (session === undefined) return;
    const client = { roles: this.#join?.clientRoles ?? {}, transport: this.#client.details };
    const { auth } = session.backend.config;
    send(helloToRouter(identity, client, this.#context.node, auth), session.peer);
    if (!search.isOver) this.#startPatience(session, search);
  }

  /** While there is another, a router that says nothing is waited for no longer than for a connection. */
  #startPatience(session: BackendSession, search: Failover): void {
    const { timeoutMs } = session.backend.config.transport.endpoint;
    this.#patience = setTimeout(() => {
      if (this.#backend !== session) return;
      search.failed(session, `no WELCOME within ${timeoutMs} ms`);
      this.#tryNext(session);
    }, timeoutMs);
  }

  async #passThrough(hello: WireMessage, realm: unknown): Promise<void> {
    const { config, routes } = this.#context;
    const route =
      config.backend === null
        ? routes.routeForAnyRole(readRealm(realm))
        : routes.routeOver(config.backend);
    const session = await this.#reach(this.#searchOn(route));
    if (session !== undefined) forward(hello, this.#client, session.peer);
  }

  #searchOn(route: Route): Failover {
    const { config, observer } = this.#context;
    const { serializer } = this.#client;
    const { signal: canceled } = this.#canceled;
    const wanted = { serializer, maxBuffered: config.options.max_buffered, canceled };
    this.#search = new Failover(route, wanted, observer);
    return this.#search;
  }

  /** Connects to a router; undefined when the client did not wait for it. */
  async #reach(search: Failover): Promise<BackendSession | undefined> {
    this.#state = "connecting";
    const session = await search.next(() => this.#state === "connecting");
    if (session === undefined) return undefined;
    this.#state = "joining";
    this.#backend = session;
    return session;
  }

  /** A router that shuts down is as good as lost, as long as there is another. */
  #isShuttingDown(abort: WireMessage, router: Peer): boolean {
    const session = this.#backend;
    if (this.#identity === undefined || session === undefined) return false;
    const [, , reason] = decodeMessage(abort, router.serializer);
    if (reason !== ErrorUri.systemShutdown) return false;
    this.#search?.failed(session, "it shuts down");
    return this.#tryNext(session);
  }

  /** Goes on with the next router; false when there is none, or this is no join that we vouch for. */
  #tryNext(failed: BackendSession): boolean {
    if (this.#identity === undefined || this.#search === undefined) return false;
    clearTimeout(this.#patience);
    if (this.#search.isOver) return false;
    failed.leave(false);
    this.#backend = undefined;
    this.#hasProved = false;
    this.#settle(this.#vouch(this.#identity, this.#search));
    return true;
  }

  #welcome(message: WireMessage, router: Peer): void {
    if (this.#identity === undefined) {
      forward(message, router, this.#client);
    } else {
      const welcome = decodeMessage(message, router.serializer);
      send(welcomeToClient(welcome, this.#identity, this.#welcomeExtra), this.#client);
      this.#join?.welcomed(this.#identity);
    }
    const fields = { ...welcomeFields(message, router), ...this.#identityFields() };
    const session = this.#over();
    if (session === undefined) return;
    session.backend.succeeded();
    this.#observer.onJoined(session, fields);
  }

  #identityFields(): LogFields {
    if (this.#identity === undefined) return {};
    const { realm, authid, authrole, authmethod } = this.#identity;
    return { realm, authid, authrole, authmethod };
  }

  #settle(work: Promise<void>): void {
    work.catch((thrown) => {
      if (this.#state === "over") return;
      this.cancel();
      this.#observer.onFailed(thrown);
    });
  }

  /** Nothing is called any more; the connection to the router is the caller's. */
  #over(): BackendSession | undefined {
    this.#state = "over";
    clearTimeout(this.#patience);
    const backend = this.#backend;
    this.#backend = undefined;
    return backend;
  }
}

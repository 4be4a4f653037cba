/**
 * JoinAttempt: one client's attempt to join, from its HELLO to the router's WELCOME.
 *
 *     authenticating -accepted-> connecting -> joining -WELCOME->
 *          |    ^
 *     CHALLENGE AUTHENTICATE
 *          v    |
 *        challenged
 *
 * This base class has what both kinds of joins share: the connection to the router, and the router's
 * messages. AuthenticatedJoin authenticates the client on the proxy; with PassthroughJoin the router
 * authenticates it.
 *
 * @module
 */

import type { FailedAttempts } from "#auth/authentication.ts";
import type { AskableAuthenticators } from "#auth/authenticators.ts";
import type { Deny } from "#auth/pending-auth.ts";
import { Cancellation, type CancelSignal } from "#base/cancellation.ts";
import { sentenceOf } from "#base/failure.ts";
import type { SessionConfig } from "#config/options/session-config.ts";
import type { LogFields } from "#observe/logger.ts";
import type { Backend } from "#proxy/routing/backend.ts";
import { type BackendObserver, BackendSession } from "#proxy/routing/backend-session.ts";
import { Failover } from "#proxy/routing/failover.ts";
import type { RealmRoutes, Route } from "#proxy/routing/realm-routes.ts";
import type { NodeCredentials } from "#proxy/routing/router-join-messages.ts";
import type { JoinTimeouts } from "#session/join-timeouts.ts";
import type { ConnectOptions } from "#transport/router-connector.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { Peer, WireMessage } from "#wamp/peer.ts";
import { peekMessageType } from "#wamp/serializer/message-head.ts";
import { isRoutersFault, routerViolation } from "./end-reasons.ts";
import type { SessionLog } from "./session-log.ts";
import { endUri, forward, isShutdown } from "./session-message.ts";
import { routerAction, type SessionState } from "./session-states.ts";

/** What the joins of one client need beside the client. */
export interface JoinContext extends AskableAuthenticators {
  config: SessionConfig;
  node: NodeCredentials;
  routes: RealmRoutes;
  /** Undefined: attempts are not limited. */
  failedAttempts: FailedAttempts | undefined;
  timeouts: JoinTimeouts;
  log: SessionLog;
}

/** How a join ends: one of these is called once, unless the join is canceled. */
export interface JoinObserver {
  /**
   * The client was sent this WELCOME, which is borrowed; `identity` is for the log. The session ends at `until`, in
   * milliseconds since 1970; undefined: not by itself.
   */
  onJoined(
    backend: BackendSession,
    welcome: WireMessage,
    identity: LogFields,
    until?: number,
  ): void;
  /** The proxy refuses the client. */
  onDenied(uri: string, message: string): void;
  /** The router refuses the client because it shuts down. True: the session has ended without ABORT. */
  onRouterShutdown(): boolean;
  /** The router refused the client, which was sent the router's ABORT. */
  onAborted(reason: unknown): void;
  /** The router ended the connection. */
  onRouterLost(reason: string): void;
  /** The router sent a message that it may not send now; that is logged already. */
  onRouterViolation(): void;
  onFailed(thrown: unknown): void;
}

/** The states of a session that has not joined yet. */
type JoinState = Extract<SessionState, "authenticating" | "challenged" | "connecting" | "joining">;

/** A join, from one HELLO on. It is the state of its session, and observes the router, until WELCOME. */
export abstract class JoinAttempt implements BackendObserver {
  protected readonly client: Peer;
  protected readonly context: JoinContext;
  readonly #observer: JoinObserver;
  #name: JoinState = "authenticating";
  #failover: Failover | undefined;
  #backend: BackendSession | undefined;
  readonly #canceled = new Cancellation();

  constructor(client: Peer, context: JoinContext, observer: JoinObserver) {
    this.client = client;
    this.context = context;
    this.#observer = observer;
  }

  /**
   * Begins with the client's HELLO, decoded and as it was received.
   *
   * @throws Failure from the client's side when the HELLO is refused at once.
   */
  abstract begin(hello: readonly unknown[], message: WireMessage): void;

  /**
   * Takes the client's AUTHENTICATE.
   *
   * @throws Failure from the client's side when no CHALLENGE asked for it.
   */
  abstract authenticate(message: WireMessage): void;

  /** Sends the client its WELCOME and calls `joined`. */
  protected abstract onWelcome(welcome: WireMessage, router: BackendSession): void;

  /** Takes the router's CHALLENGE. */
  protected abstract onChallenge(challenge: WireMessage, router: BackendSession): void;

  /** Takes the router's ABORT. */
  protected abstract onAbort(abort: WireMessage, router: BackendSession): void;

  /** Continues with the next router of the route, because this one failed; false when none is left. */
  protected abstract tryNextRouter(failed: BackendSession, reason: string): boolean;

  /** How far the join has come, as session-states.ts names it. */
  get name(): JoinState {
    return this.#name;
  }

  protected set name(name: JoinState) {
    this.#name = name;
  }

  /** Whether a router of the route has been reached since the worker was started. */
  get routerWasReached(): boolean {
    return this.#failover?.routerWasReached ?? false;
  }

  /** Ends the join and its connection to the router; the observer is not called any more. */
  cancel(): void {
    this.context.timeouts.stop();
    this.#canceled.cancel();
    this.leaveRouter();
  }

  onRouterMessage(message: WireMessage): void {
    try {
      const router = this.#backend;
      const type = router ? peekMessageType(message, router.peer.serializer) : Number.NaN;
      const action = routerAction(this.#name, type);
      if (router === undefined || action === "fail") throw routerViolation(type);
      if (action === "welcome") this.onWelcome(message, router);
      else if (action === "pass") this.onChallenge(message, router);
      else this.onAbort(message, router);
    } catch (thrown) {
      if (isRoutersFault(thrown)) this.#onRouterViolation(thrown);
      else this.#fail(thrown);
    }
  }

  onRouterBurst(deliver: () => void): void {
    this.client.cork(deliver);
  }

  onRouterDrain(): void {}

  onRouterLost(reason: string): void {
    // While it is connecting, `connect` checks whether the session is over.
    if (this.#name === "connecting") return;
    if (this.#backend && this.tryNextRouter(this.#backend, reason)) return;
    this.#observer.onRouterLost(reason);
  }

  /** The router that the join is connected to. */
  protected get router(): Peer | undefined {
    return this.#backend?.peer;
  }

  protected get canceled(): CancelSignal {
    return this.#canceled;
  }

  /** Runs an asynchronous step of the join; the join fails when the step does. */
  protected run(step: Promise<void>): void {
    step.catch((thrown) => this.#fail(thrown));
  }

  protected deny({ uri, message }: Deny): void {
    this.cancel();
    this.#observer.onDenied(uri, message);
  }

  protected startFailover(route: Route): Failover {
    this.#failover = new Failover(route);
    return this.#failover;
  }

  /**
   * Connects to the next router that can be reached, and gives the HELLO for it. `helloFor` makes that HELLO before
   * the connection is opened, and throws a Failure for a router that cannot be used.
   *
   * @throws Failure of the last router when there is none; the signal's reason when the join is canceled.
   */
  protected async connect<Hello>(
    failover: Failover,
    helloFor: (backend: Backend) => Hello,
  ): Promise<{ router: BackendSession; hello: Hello }> {
    const { serializer } = this.client;
    const { max_buffered: maxBuffered, max_outgoing: maxOutgoing } = this.context.config.options;
    const { message_timeout: messageTimeout } = this.context.config.options;
    const limits = { maxBuffered, maxOutgoing, messageTimeout };
    const options = { serializer, ...limits, canceled: this.canceled };
    this.#name = "connecting";
    const next = await failover.next(async (backend) => {
      const hello = helloFor(backend);
      const router = await this.#open(backend, options);
      if (!router.isOver) return { router, hello };
      throw failover.failed(backend, "it closed the connection at once");
    });
    this.#backend = next.router;
    this.#name = "joining";
    return next;
  }

  /** Connects to a router, which its span tells of. */
  async #open(backend: Backend, options: ConnectOptions): Promise<BackendSession> {
    const span = this.context.log.record.connects(backend.config.id);
    try {
      const router = await BackendSession.open(backend, options, this);
      span?.ended("connected", null);
      return router;
    } catch (thrown) {
      if (this.canceled.aborted) span?.ended("canceled", null);
      else span?.ended("failed", sentenceOf(thrown));
      throw thrown;
    }
  }

  protected leaveRouter(): void {
    this.#backend?.leave(false);
    this.#backend = undefined;
  }

  /** Hands the router over to the observer, once the client was sent WELCOME. */
  protected joined(
    welcome: WireMessage,
    router: BackendSession,
    identity: LogFields,
    until?: number,
  ): void {
    this.context.timeouts.stop();
    router.backend.succeeded();
    this.#backend = undefined;
    this.#observer.onJoined(router, welcome, identity, until);
  }

  /**
   * Forwards the router's ABORT and ends the join; some routers do not close after their ABORT. The log has
   * its sentence too, if the router knows no secret of the client.
   */
  protected abortedBy(router: BackendSession, abort: WireMessage, sentence?: string): void {
    if (isShutdown(abort, router.peer) && this.#observer.onRouterShutdown()) return;
    const uri = endUri(abort, router.peer);
    this.context.log.refusedByRouter(router.backend.config.id, uri, sentence);
    forward(abort, MessageType.ABORT, router.peer, this.client);
    this.cancel();
    this.#observer.onAborted(uri);
  }

  #onRouterViolation(thrown: unknown): void {
    this.context.log.routerRefused(thrown);
    const reason = "what it says makes no sense";
    if (this.#backend && this.tryNextRouter(this.#backend, reason)) return;
    this.#observer.onRouterViolation();
  }

  #fail(thrown: unknown): void {
    if (this.canceled.aborted) return;
    this.cancel();
    this.#observer.onFailed(thrown);
  }
}

/**
 * SessionTeardown: the state of one client's session on a proxy, and how the session ends: with ABORT,
 * with GOODBYE or with a bare close of the connection, and with or without a GOODBYE for the router.
 * FrontendSession, its only subclass, defines how a session begins and continues.
 *
 * @module
 */

import type { FailedAttempts } from "#auth/authentication.ts";
import type { FunctionAuthenticators } from "#auth/authenticators.ts";
import type { TicketTokens } from "#auth/ticket-tokens.ts";
import type { CloseOnlyEnd, SessionConfig } from "#config/options/session-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { SessionCounts } from "#observe/session-counts.ts";
import type { SessionEnd, SessionFacts } from "#observe/session-facts.ts";
import type { SessionLink } from "#proxy/relay/session-link.ts";
import type { BackendSession } from "#proxy/routing/backend-session.ts";
import type { RealmRoutes } from "#proxy/routing/realm-routes.ts";
import type { NodeCredentials } from "#proxy/routing/router-join-messages.ts";
import type { ServiceSessions } from "#proxy/service/service-sessions.ts";
import { AGE_GRACE_MS, ConnectionAge } from "#session/connection-age.ts";
import { type JoinTimeoutObserver, JoinTimeouts } from "#session/join-timeouts.ts";
import { type ClientNeeds, NO_NEEDS } from "#session/reconnecting-clients.ts";
import { Retirement, type RetirementCause } from "#session/retirement.ts";
import { SessionExpiry } from "#session/session-expiry.ts";
import { endOfUri } from "#session/session-record.ts";
import { abortCloseCode } from "#wamp/abort-close-code.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import { CloseCode, MAX_JOIN_OCTETS, type Peer, type WireMessage } from "#wamp/peer.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { type EndReason, EVENT_REASONS, refusalFor } from "./end-reasons.ts";
import { JoinAttempt } from "./join-attempt.ts";
import { SessionLog } from "./session-log.ts";
import { eventAction, type SessionEvent } from "./session-states.ts";

/** What the sessions of one proxy worker share. */
export interface FrontendContext {
  log: Logger;
  node: NodeCredentials;
  routes: RealmRoutes;
  services: ServiceSessions;
  /** Undefined: no authmethod is of type `function`. */
  functionAuthenticators?: FunctionAuthenticators | undefined;
  /** Undefined: no ticket is of type `jwt`. */
  ticketTokens?: TicketTokens | undefined;
  /** Counts the failed attempts of this client's address; undefined: attempts are not limited. */
  failedAttempts(client: Peer, perMinute: number): FailedAttempts | undefined;
  /** Milliseconds in which the other side has to answer a GOODBYE. */
  goodbyeTimeoutMs: number;
  counts: SessionCounts;
  /** Called once, when the session is closed. */
  onEnd(session: SessionTeardown): void;
}

/** The state of a session, as session-states.ts names it, and what exists in it. */
type State =
  | { name: "waiting" | "left"; timeouts: JoinTimeouts }
  | JoinAttempt
  | { name: "joined"; link: SessionLink; backend: BackendSession }
  | { name: "leaving"; link: SessionLink; backend: BackendSession }
  | { name: "rejoining"; link: SessionLink; backend: BackendSession; hello: WireMessage }
  | { name: "ending" }
  | { name: "closed" };

/** Why a session ends at an event, unless another reason came before; null: it has ended already. */
const ENDS: Record<SessionEvent, SessionEnd | null> = {
  // The record knows the reason by then.
  "client lost": null,
  "router lost": "router_lost",
  "client stalled": "slow_consumer",
  "router stalled": "router_stalled",
  deadline: null,
  shutdown: "shutdown",
  age: "connection_age",
  expiry: "token_expired",
};

/** A session that can end. */
export abstract class SessionTeardown implements JoinTimeoutObserver {
  protected readonly client: Peer;
  protected readonly config: SessionConfig;
  protected readonly context: FrontendContext;
  protected readonly log: SessionLog;
  protected state: State;
  /** What the client's library needs in order to reconnect when it should; known from HELLO on. */
  protected needs: ClientNeeds = NO_NEEDS;
  #goodbyeTimer: Timer | undefined;
  /** Undefined: the connection may have any age. */
  readonly #age: ConnectionAge | undefined;
  /** Undefined: the session is not to end. */
  #retirement: Retirement | undefined;
  /** Undefined: the session does not end by itself. */
  #expiry: SessionExpiry | undefined;

  constructor(client: Peer, config: SessionConfig, context: FrontendContext) {
    this.client = client;
    this.config = config;
    this.context = context;
    this.log = new SessionLog(context.log, context.counts, client);
    this.state = { name: "waiting", timeouts: this.awaitHello() };
    client.limitMessages?.(MAX_JOIN_OCTETS);
    const { max_connection_age } = config.options;
    if (max_connection_age === undefined) return;
    this.#age = new ConnectionAge(max_connection_age, () => this.retire("age", AGE_GRACE_MS));
  }

  /** Ends the session behind the answer to a call, or when there is none, within so many milliseconds. */
  retire(cause: RetirementCause, graceMs: number): void {
    const { state } = this;
    const end = () => this.on(cause);
    if (state.name === "joined") {
      const { link } = state;
      this.#retirement ??= new Retirement(graceMs, () => link.isAwaited, end);
      link.onAnswered = end;
    } else {
      end();
    }
  }

  get isJoining(): boolean {
    return !["joined", "ending", "closed"].includes(this.state.name);
  }

  /** Ends the session because the node shuts down. */
  shutdown(): void {
    this.on("shutdown");
  }

  /** Ends the session because the token of its client has ended. */
  expire(): void {
    this.on("expiry");
  }

  /** Ends the joined session at a time in milliseconds since 1970. */
  protected expireAt(until: number): void {
    this.#expiry = new SessionExpiry(until, () => this.expire());
  }

  /** Whether the session is about to end, so that it takes no new calls. */
  protected get refusesCalls(): boolean {
    return this.#retirement?.refusesCalls === true;
  }

  /** For lists of sessions. */
  facts(): SessionFacts {
    return this.log.record.facts(this.client, this.state.name === "closed");
  }

  /** The timeouts of the next join, whose HELLO is awaited from now on. */
  protected awaitHello(): JoinTimeouts {
    const timeouts = new JoinTimeouts(this.config.joining, this);
    timeouts.awaitHello();
    return timeouts;
  }

  /** Answers the client's GOODBYE in place of a router that does not; the client may join again. */
  protected abstract finishLeaving(): void;

  /** A step of the join took too long: the client's, or the router's. */
  onJoinTimeout(uri: string, sentence: string): void {
    const { name } = this.state;
    if (eventAction(name, "deadline") !== "abort") return;
    // With passthrough, the client may owe an AUTHENTICATE while the session is joining.
    const isOpened = name === "connecting" || name === "joining";
    const isRouters = isOpened && uri === ErrorUri.timeout;
    this.log.refused({ by: isRouters ? "router" : "client", reason: sentence });
    this.log.record.ends(isRouters ? "router_failed" : "authentication_timeout");
    if (isRouters) this.abortForRouter(uri, sentence, CloseCode.policyViolation);
    else this.abort(uri, sentence, CloseCode.policyViolation);
  }

  /** Does what the tables define for an event that is not a message. */
  protected on(event: SessionEvent): void {
    const { name } = this.state;
    this.log.ends(event);
    const { abort, goodbye, close } = EVENT_REASONS[event];
    const action = eventAction(name, event);
    const end = ENDS[event];
    if (action !== "none" && end !== null) this.log.record.ends(end);
    if (action === "gone") {
      this.end();
    } else if (action === "abort" && abort) {
      if (event === "router lost") this.abortForRouter(abort.uri, abort.sentence);
      else this.abort(abort.uri, abort.sentence);
    } else if (action === "goodbye" && goodbye) {
      this.sendGoodbye(goodbye);
    } else if (action === "drop") {
      this.leaveRouter(ErrorUri.clientStalled);
      this.close(CloseCode.policyViolation, ErrorUri.clientStalled);
    } else if (action === "finish") {
      this.finishLeaving();
    } else if (action === "close") {
      const { code, reason } = close?.[name] ?? { code: CloseCode.goingAway, reason: event };
      this.close(code, reason);
    }
  }

  /** Ends a joined session: with GOODBYE, or with the close alone. */
  protected sendGoodbye(end: EndReason): void {
    this.log.endsWith(end.uri);
    // A client that has sent GOODBYE waits for the answer, whatever it does at a bare close.
    const hasLeft = this.state.name === "leaving" || this.state.name === "rejoining";
    this.leaveRouter(end.uri);
    // Amid a message of the router, which lacks its end, only the close can be sent.
    if ((this.takesBareClose(end.kind) && !hasLeft) || this.client.isAmidMessage) {
      this.close(end.code, end.uri);
      return;
    }
    this.sendToClient([MessageType.GOODBYE, { message: end.sentence }, end.uri]);
    this.startEnding();
  }

  /** The client has been sent GOODBYE. */
  protected startEnding(): void {
    this.state = { name: "ending" };
    this.startGoodbyeTimer();
  }

  /** Whether the client is sent only the close at an end of this kind. */
  protected takesBareClose(kind: CloseOnlyEnd): boolean {
    return this.config.options.told_by_close?.includes(kind) ?? this.needs.bareClose;
  }

  /**
   * Ends a join for which no router is available. If one was reached before, it is only away, and some
   * clients stop reconnecting at an ABORT, others at a clean close: their connection is cut off. A
   * router that was never reached is a fault of the configuration, and every client gets the ABORT.
   */
  protected abortForRouter(uri: string, message: string, code = abortCloseCode(uri)): void {
    const { state } = this;
    this.log.record.ends("router_failed");
    const wasReached = state instanceof JoinAttempt && state.routerWasReached;
    if (!wasReached || !this.takesBareClose("router_lost")) {
      this.abort(uri, message, code);
    } else {
      this.log.record.refused(uri);
      this.close(CloseCode.abnormal, uri);
    }
  }

  protected abort(uri: string, message: string, code = abortCloseCode(uri)): void {
    this.log.record.refused(uri);
    this.log.endsWith(uri);
    this.leaveRouter(ErrorUri.closeRealm);
    this.sendToClient([MessageType.ABORT, { message }, uri]);
    this.close(code, message);
  }

  /** Aborts the session for what was thrown, and logs it. */
  protected refuse(thrown: unknown): void {
    const { by, uri, sentence, code, reason } = refusalFor(thrown);
    this.log.refused({ by, reason });
    // One message that cannot be read must not keep a client away that ends at every ABORT.
    const isUnreadable = thrown instanceof MalformedMessage && this.state.name === "joined";
    if (by === "router") this.abortForRouter(uri, sentence);
    else if (isUnreadable && this.needs.noAbort) {
      this.log.record.refused(uri);
      this.log.record.ends(endOfUri(uri));
      this.close(code, sentence);
    } else this.abort(uri, sentence, code);
  }

  protected sendToClient(message: readonly unknown[]): void {
    this.client.send(encodeMessage(message, this.client.serializer));
  }

  /** Ends the router's side: a join is canceled, a joined session is left, usually with GOODBYE. */
  protected leaveRouter(reason: string, sendsGoodbye = true): void {
    const { state } = this;
    if (state instanceof JoinAttempt) state.cancel();
    if (!("link" in state)) return;
    this.#unlink(state.link);
    state.backend.leave(sendsGoodbye, reason);
  }

  /** Ends the router's side when the router has answered GOODBYE: it is owed nothing, and sends nothing more. */
  protected closeRouter(): void {
    const { state } = this;
    if (!("link" in state)) return;
    this.#unlink(state.link);
    state.backend.closeLeft(ErrorUri.closeRealm);
  }

  #unlink(link: SessionLink): void {
    link.stop();
    this.#retirement?.stop();
    this.#retirement = undefined;
    this.#expiry?.stop();
    this.#expiry = undefined;
    this.state = { name: "ending" };
    this.log.sessionOver();
  }

  /** From now on the other side has `goodbyeTimeoutMs` to answer a GOODBYE. */
  protected startGoodbyeTimer(): void {
    clearTimeout(this.#goodbyeTimer);
    this.#goodbyeTimer = setTimeout(() => this.on("deadline"), this.context.goodbyeTimeoutMs);
  }

  protected stopGoodbyeTimer(): void {
    clearTimeout(this.#goodbyeTimer);
    this.#goodbyeTimer = undefined;
  }

  protected close(code: number, reason: string): void {
    if (this.state.name === "closed") return;
    this.log.ends(reason);
    this.end();
    this.client.close(code, reason);
  }

  protected end(): void {
    this.#age?.stop();
    this.stopGoodbyeTimer();
    if ("timeouts" in this.state) this.state.timeouts.stop();
    this.leaveRouter(ErrorUri.closeRealm);
    this.state = { name: "closed" };
    this.context.onEnd(this);
  }
}

/**
 * FrontendSession: one client's session on a proxy, from its connection to its end. The tables of
 * session-states.ts define what it does in which state, session-teardown.ts how it ends. From HELLO to
 * WELCOME a JoinAttempt is its state, and receives the router's messages.
 *
 * @module
 */

import { refuseTooLong } from "#auth/authentication.ts";
import { forgetLogin } from "#auth/cookie.ts";
import type { LogFields } from "#observe/logger.ts";
import type { Side } from "#proxy/relay/back-pressure.ts";
import { type LinkObserver, SessionLink } from "#proxy/relay/session-link.ts";
import type { Undeliverable } from "#proxy/relay/undeliverable.ts";
import type { BackendObserver, BackendSession } from "#proxy/routing/backend-session.ts";
import type { JoinTimeouts } from "#session/join-timeouts.ts";
import { clientNeeds } from "#session/reconnecting-clients.ts";
import { LATE_CALL } from "#session/retirement.ts";
import { endByRouter, endOfUri } from "#session/session-record.ts";
import { abortCloseCode } from "#wamp/abort-close-code.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import {
  CloseCode,
  type GivenUp,
  type MessageParts,
  type Peer,
  type PeerHandler,
  type WireMessage,
} from "#wamp/peer.ts";
import { peekMessageType } from "#wamp/serializer/message-head.ts";
import { decodeMessage } from "#wamp/serializer/message-values.ts";
import { AuthenticatedJoin } from "./authenticated-join.ts";
import {
  isRoutersFault,
  ROUTER_INCOMPLETE,
  ROUTER_VIOLATION,
  routerViolation,
  violation,
} from "./end-reasons.ts";
import { JoinAttempt, type JoinContext, type JoinObserver } from "./join-attempt.ts";
import { PassthroughJoin } from "./passthrough-join.ts";
import { endUri, forwardEnd, readForwarded, refuseMalformed } from "./session-message.ts";
import { clientAction, routerAction } from "./session-states.ts";
import { SessionTeardown } from "./session-teardown.ts";

/** The reasons with which a router ends a session whose client is to connect again. */
const LEAVING: ReadonlySet<unknown> = new Set([
  ErrorUri.systemShutdown,
  ErrorUri.connectionAge,
  ErrorUri.tokenExpired,
]);

/** One client on one connection; it may join, leave and join again. */
export class FrontendSession
  extends SessionTeardown
  implements PeerHandler, BackendObserver, JoinObserver, LinkObserver
{
  onMessage(message: WireMessage): void {
    try {
      const state = this.state;
      if (state.name === "joined") {
        if (this.refusesCalls && this.#refuseCall(message, state.link)) return;
        const type = state.link.toRouter.forward(message);
        if (type !== undefined) this.#onClientMessage(message, type);
      } else {
        this.#onClientMessage(message, peekMessageType(message, this.client.serializer));
      }
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  onLongMessage(head: Uint8Array, octets: number): MessageParts | null {
    if (this.state.name !== "joined" || this.refusesCalls) return null;
    return this.state.link.toRouter.cutThrough(head, octets);
  }

  onLateMessage(): void {
    this.log.ignored();
  }

  onOversized(message: WireMessage): boolean {
    if (this.state.name !== "joined") return false;
    const sentence = "Cannot carry message: longer than max_message_size";
    const why = { uri: ErrorUri.payloadSizeExceeded, sentence };
    return this.state.link.toRouter.refuse(message, why, () => {
      this.log.record.ends("message_too_big");
      this.close(CloseCode.messageTooBig, sentence);
    });
  }

  onGivenUp({ uri, sentence, code }: GivenUp): void {
    const type = this.#link === undefined ? MessageType.ABORT : MessageType.GOODBYE;
    // In `ending` the client has got its GOODBYE.
    const isOver = this.state.name === "ending" || this.state.name === "closed";
    this.log.endsWith(uri);
    this.leaveRouter(ErrorUri.closeRealm);
    if (!isOver && type === MessageType.ABORT) this.log.record.refused(uri);
    if (!isOver) this.sendToClient([type, { message: sentence }, uri]);
    this.close(code, sentence);
  }

  isLeaving(): boolean {
    return this.state.name === "leaving" || this.state.name === "rejoining";
  }

  onDrain(): void {
    this.#link?.drained("client");
  }

  onClose(reason: string): void {
    this.log.connectionClosed(reason);
    this.log.ends(reason);
    this.log.record.connectionLost(reason);
    this.on("client lost");
  }

  onRouterMessage(message: WireMessage): void {
    const state = this.state;
    const { name } = state;
    if (name !== "joined" && name !== "leaving" && name !== "rejoining") return;
    try {
      const type = state.link.toClient.forward(message);
      if (type !== undefined) this.#onRouterMessage(message, type, state.backend.peer);
    } catch (thrown) {
      this.#failRouter(thrown);
    }
  }

  onRouterLongMessage(head: Uint8Array, octets: number): MessageParts | null {
    return this.#link?.toClient.cutThrough(head, octets) ?? null;
  }

  onRouterGivenUp({ sentence }: GivenUp): void {
    this.log.record.ends("router_failed");
    this.#routerLost(sentence);
    this.sendGoodbye(ROUTER_INCOMPLETE);
  }

  onRouterBurst(deliver: () => void): void {
    this.client.cork(deliver);
  }

  onRouterDrain(): void {
    this.#link?.drained("router");
  }

  onRouterLost(reason: string): void {
    this.#routerLost(reason);
    this.on("router lost");
  }

  #routerLost(reason: string): void {
    const { state } = this;
    if (state.name !== "joined") return;
    state.backend.backend.lostSession(this.client.details.peer, reason);
  }

  onRouterViolation(): void {
    const { name } = this.state;
    const { abort, goodbye } = ROUTER_VIOLATION;
    const action = routerAction(name, Number.NaN);
    if (action === "fail") this.log.record.ends("router_failed");
    if (action === "finish") this.finishLeaving();
    else if (action === "fail" && name === "joined") this.sendGoodbye(goodbye);
    else if (action === "fail") this.abort(abort.uri, abort.sentence);
  }

  onJoined(
    backend: BackendSession,
    welcome: WireMessage,
    identity: LogFields,
    until?: number,
  ): void {
    this.client.limitMessages?.(Number.POSITIVE_INFINITY);
    const link = new SessionLink(this.client, backend.peer, this.config.options, this);
    this.state = { name: "joined", link, backend };
    backend.setObserver(this);
    this.log.joined(welcome, backend, identity);
    if (until !== undefined) this.expireAt(until);
  }

  onDenied(uri: string, message: string): void {
    this.log.refused({ by: "client", reason: message });
    this.abort(uri, message);
  }

  onRouterShutdown(): boolean {
    const { state } = this;
    const wasReached = state instanceof JoinAttempt && state.routerWasReached;
    if (!wasReached || !this.takesBareClose("router_lost")) return false;
    this.log.record.ends("router_lost");
    this.log.record.refused(ErrorUri.systemShutdown);
    this.close(CloseCode.abnormal, ErrorUri.systemShutdown);
    return true;
  }

  onAborted(reason: unknown): void {
    this.log.record.refused(String(reason));
    this.log.record.ends(endOfUri(reason));
    this.close(abortCloseCode(reason), "the router refused the session");
  }

  onFailed(thrown: unknown): void {
    this.refuse(thrown);
  }

  onStalled(side: Side): void {
    this.log.stalled(side);
    this.on(`${side} stalled`);
  }

  onUndeliverable(side: Side, why: Undeliverable): void {
    const { uri, sentence } = why;
    // A client that is gone misses nothing.
    if (side === "client" && this.state.name === "closed") return;
    this.log.leftOut(side, why);
    // A client that cannot be answered must not believe that its publication arrived.
    if (side === "router" && uri === ErrorUri.payloadSizeExceeded) {
      this.log.ends(uri);
      this.log.record.ends("message_too_big");
      this.leaveRouter(ErrorUri.closeRealm);
      this.sendToClient([MessageType.GOODBYE, { message: sentence }, uri]);
      this.close(CloseCode.messageTooBig, sentence);
    }
  }

  onForwardFailed(side: Side, thrown: unknown): void {
    if (side === "router") this.#fail(thrown);
    else this.#failRouter(thrown);
  }

  get #link(): SessionLink | undefined {
    return "link" in this.state ? this.state.link : undefined;
  }

  /** Answers a CALL with an ERROR; false: the message is another. */
  #refuseCall(message: WireMessage, link: SessionLink): boolean {
    const isCall = peekMessageType(message, this.client.serializer) === MessageType.CALL;
    return isCall && link.toRouter.refuse(message, LATE_CALL);
  }

  /** Takes a client's message that is not routed, or came while the session is not joined. */
  #onClientMessage(message: WireMessage, type: number): void {
    const state = this.state;
    if (state.name === "joined") refuseMalformed(message, this.client);
    const action = clientAction(state.name, type);
    if (action === "begin" && "timeouts" in state) {
      this.#begin(message, state.timeouts);
    } else if (action === "authenticate" && state instanceof JoinAttempt) {
      refuseTooLong(message);
      state.authenticate(message);
    } else if (action === "leave" && state.name === "joined") {
      this.log.ends(`client: ${endUri(message, this.client)}`);
      this.log.record.ends("client_left");
      this.#forgetLogin(message);
      forwardEnd(message, type, this.client, state.backend.peer);
      this.state = { ...state, name: "leaving" };
      this.startGoodbyeTimer();
    } else if (action === "keep" && state.name === "leaving") {
      this.state = { ...state, name: "rejoining", hello: new Uint8Array(message) };
    } else if (action === "close") {
      // In `ending` this is the client's answer to GOODBYE.
      const code = state.name === "ending" ? CloseCode.goingAway : CloseCode.normal;
      this.log.record.ends("client_left");
      this.close(code, type === MessageType.ABORT ? "the client aborted" : "the client left");
    } else if (action === "late") {
      this.log.ignored();
    } else {
      throw violation(type, state.name);
    }
  }

  #begin(message: WireMessage, timeouts: JoinTimeouts): void {
    this.log.record.begins(this.client);
    refuseTooLong(message);
    const { auth } = this.config;
    const hello =
      auth === "passthrough"
        ? readForwarded(message, this.client)
        : decodeMessage(message, this.client.serializer);
    this.needs = clientNeeds(hello);
    this.log.record.asks(hello);
    const context = this.#joinContext(timeouts);
    const join =
      auth === "passthrough"
        ? new PassthroughJoin(this.client, context, this)
        : new AuthenticatedJoin(auth, this.client, context, this);
    this.state = join;
    timeouts.awaitWelcome();
    join.begin(hello, message);
  }

  #joinContext(timeouts: JoinTimeouts): JoinContext {
    const { config, log } = this;
    const { node, routes, services } = this.context;
    const limit = config.joining?.max_auth_failures_per_minute ?? 0;
    const failedAttempts = this.context.failedAttempts(this.client, limit);
    return {
      config,
      node,
      routes,
      get authenticators() {
        return services.through(config.backend);
      },
      functionAuthenticators: this.context.functionAuthenticators,
      ticketTokens: this.context.ticketTokens,
      failedAttempts,
      timeouts,
      log,
    };
  }

  /** Forgets the login of the client's cookie if its GOODBYE has the reason `wamp.close.logout`. */
  #forgetLogin(goodbye: WireMessage): void {
    const { auth } = this.config;
    if (auth === "passthrough") return;
    const { details, serializer } = this.client;
    if (auth.cookie === undefined && details.cookieToken === undefined) return;
    forgetLogin(details, decodeMessage(goodbye, serializer)[2]);
  }

  /** Takes a message of the router that opens or ends sessions, once the session has joined. */
  #onRouterMessage(message: WireMessage, type: number, router: Peer): void {
    const action = routerAction(this.state.name, type);
    if (action === "left") {
      if (this.needs.normalClose) this.#answerGoodbye();
      else forwardEnd(message, type, router, this.client);
      this.#startAgain(true);
    } else if (action === "end") {
      this.#endByRouter(message, router);
    } else if (action === "abort") {
      const uri = endUri(message, router);
      this.log.ends(`router: ${uri}`);
      this.log.record.ends("kicked");
      forwardEnd(message, type, router, this.client);
      this.leaveRouter(ErrorUri.closeRealm, false);
      const code = abortCloseCode(uri);
      this.close(code, "the router aborted the session");
    } else {
      throw routerViolation(type);
    }
  }

  /** Ends the session because the router sent GOODBYE. */
  #endByRouter(goodbye: WireMessage, router: Peer): void {
    const uri = endUri(goodbye, router);
    if (uri === ErrorUri.clientStalled) {
      this.onStalled("client");
      return;
    }
    this.log.ends(`router: ${uri}`);
    const isLeft = LEAVING.has(uri);
    this.log.record.ends(endByRouter(uri));
    const isAway = isLeft && this.takesBareClose("router_lost");
    if (!isAway) forwardEnd(goodbye, MessageType.GOODBYE, router, this.client);
    this.leaveRouter(ErrorUri.goodbyeAndOut);
    if (isAway) this.close(CloseCode.serviceRestart, String(uri));
    else this.startEnding();
  }

  protected finishLeaving(): void {
    this.client.takeBackMessage?.();
    if (this.client.isAmidMessage) {
      this.close(CloseCode.normal, ErrorUri.goodbyeAndOut);
      return;
    }
    this.#answerGoodbye();
    this.#startAgain(false);
  }

  /** Answers the client's GOODBYE. */
  #answerGoodbye(): void {
    const reason = this.needs.normalClose ? ErrorUri.normal : ErrorUri.goodbyeAndOut;
    this.sendToClient([MessageType.GOODBYE, {}, reason]);
  }

  /** The client has the answer to its GOODBYE: it may send HELLO, or has sent it already. */
  #startAgain(routerHasAnswered: boolean): void {
    const { state } = this;
    if (routerHasAnswered) this.closeRouter();
    else this.leaveRouter(ErrorUri.closeRealm, false);
    this.state = { name: "left", timeouts: this.awaitHello() };
    this.stopGoodbyeTimer();
    // Through `onMessage`, so that a fault in the HELLO is the client's and not the router's.
    if (state.name === "rejoining") this.onMessage(state.hello);
  }

  #fail(thrown: unknown): void {
    if (clientAction(this.state.name, Number.NaN) === "late") this.log.ignored();
    else this.refuse(thrown);
  }

  /** Ends the session for what was thrown while a message of the router was handled. */
  #failRouter(thrown: unknown): void {
    if (isRoutersFault(thrown)) {
      this.log.routerRefused(thrown);
      this.onRouterViolation();
    } else {
      this.#fail(thrown);
    }
  }
}

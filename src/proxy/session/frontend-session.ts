/**
 * FrontendSession: one client's session on a proxy, from its connection to its end. What it does in
 * which state is said by the tables of session-states.ts; how it ends is the story of
 * session-ending.ts.
 *
 * @module
 */

import { forgetLogin } from "#auth/cookie.ts";
import type { LogFields } from "#observe/logger.ts";
import type { Side } from "#proxy/relay/back-pressure.ts";
import { type LinkObserver, SessionLink } from "#proxy/relay/session-link.ts";
import type { Undeliverable } from "#proxy/relay/undeliverable.ts";
import type { BackendObserver, BackendSession } from "#proxy/routing/backend-session.ts";
import { refuseTooLong } from "#session/authentication.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import { CloseCode, type Peer, type PeerHandler, type WireMessage } from "#wamp/peer.ts";
import { decodeMessage } from "#wamp/serializer/control-message-values.ts";
import { peekMessageType } from "#wamp/serializer/peek-message-type.ts";
import {
  EVENT_REASONS,
  isRoutersFault,
  ROUTER_VIOLATION,
  routerViolation,
  violation,
} from "./end-reasons.ts";
import { JoinAttempt, type JoinObserver } from "./join-attempt.ts";
import { forwardGoodbye } from "./session-message.ts";
import { clientAction, eventAction, routerAction, type SessionEvent } from "./session-states.ts";
import { SessionTeardown } from "./session-teardown.ts";

/** One client on one connection; it may join, leave and join again. */
export class FrontendSession
  extends SessionTeardown
  implements PeerHandler, BackendObserver, JoinObserver, LinkObserver
{
  onMessage(message: WireMessage): void {
    try {
      const state = this.state;
      if (state.name === "joined") {
        const type = state.link.toRouter.forward(message);
        if (type !== undefined) this.#onClientMessage(message, type);
      } else {
        this.#onClientMessage(message, peekMessageType(message, this.client.serializer));
      }
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  onOversized(message: WireMessage): boolean {
    if (this.state.name !== "joined") return false;
    const sentence = "Cannot carry message: longer than max_message_size";
    return this.state.link.toRouter.refuse(message, {
      uri: ErrorUri.payloadSizeExceeded,
      sentence,
    });
  }

  onDrain(): void {
    this.#link?.drained("client");
  }

  onClose(reason: string): void {
    this.log.connectionClosed(reason);
    this.on("client lost");
  }

  onRouterMessage(message: WireMessage): void {
    const state = this.state;
    try {
      if (state.name === "joined" || state.name === "leaving") {
        const type = state.link.toClient.forward(message);
        if (type !== undefined) this.#onRouterMessage(message, type, state.backend.peer);
      } else if (state.name === "opening") {
        const type = state.join.routerMessageType(message);
        if (routerAction(this.stateName, type) === "fail") throw routerViolation(type);
        state.join.onRouterMessage(message);
      }
    } catch (thrown) {
      this.#failRouter(thrown);
    }
  }

  onRouterBurst(deliver: () => void): void {
    this.client.cork(deliver);
  }

  onRouterDrain(): void {
    this.#link?.drained("router");
  }

  onRouterLost(reason: string): void {
    const { state } = this;
    if (state.name === "joined") this.log.routerLost(reason);
    if (state.name === "opening" && state.join.onRouterLost(reason)) return;
    this.on("router lost");
  }

  onJoined(backend: BackendSession, identity: LogFields): void {
    this.timeouts.stop();
    this.client.limitMessages?.(Number.POSITIVE_INFINITY);
    const link = new SessionLink(this.client, backend.peer, this.config.options, this);
    this.state = { name: "joined", link, backend };
    this.log.joined(identity);
  }

  onDenied(uri: string, message: string): void {
    this.log.refused({ by: "client", reason: message });
    this.abort(uri, message);
  }

  onAborted(): void {
    this.close(CloseCode.normal, "the router refused the session");
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
    this.log.leftOut(side, why);
    // A client that cannot be answered must not believe that its publication arrived.
    if (side === "router" && uri === ErrorUri.payloadSizeExceeded) {
      this.leaveRouter(ErrorUri.closeRealm);
      this.sendToClient([MessageType.GOODBYE, { message: sentence }, uri]);
      this.close(CloseCode.messageTooBig, sentence);
    }
  }

  /** Tells the client that the node shuts down, and the router that the client left. */
  shutdown(): void {
    this.on("shutdown");
  }

  get #link(): SessionLink | undefined {
    return "link" in this.state ? this.state.link : undefined;
  }

  #onClientMessage(message: WireMessage, type: number): void {
    const name = this.stateName;
    const state = this.state;
    const action = clientAction(name, type);
    if (action === "begin") {
      this.#begin(message);
    } else if (action === "authenticate" && state.name === "opening") {
      refuseTooLong(message);
      state.join.onClientMessage(message);
    } else if (action === "leave" && state.name === "joined") {
      this.state = { ...state, name: "leaving", hello: undefined };
      this.startGoodbyeDeadline();
      this.#forgetLogin(message);
      forwardGoodbye(message, this.client, state.backend.peer);
    } else if (action === "keep" && state.name === "leaving") {
      state.hello = typeof message === "string" ? message : new Uint8Array(message);
    } else if (action === "close") {
      // Also one that closes politely, and says a last GOODBYE after the session has ended.
      const code = name === "ending" ? CloseCode.goingAway : CloseCode.normal;
      this.close(code, type === MessageType.ABORT ? "the client aborted" : "the client left");
    } else if (action === "late") {
      this.log.late();
    } else {
      throw violation(type, name);
    }
  }

  #begin(hello: WireMessage): void {
    refuseTooLong(hello);
    const { node, routes, services } = this.context;
    const config = this.config;
    const limit = config.joining?.max_auth_failures_per_minute ?? 0;
    const failedAttempts = this.context.failedAttempts(this.client, limit);
    const support = { services, failedAttempts, clock: this.timeouts };
    const context = { config, node, routes, ...support, observer: this };
    const join = new JoinAttempt(this.client, context, this);
    this.state = { name: "opening", join };
    this.timeouts.awaitWelcome();
    join.hello(hello);
    this.needsBareClose = join.needsBareClose;
  }

  /** A client that logs out, and does not only leave, is not known by its cookie any more. */
  #forgetLogin(goodbye: WireMessage): void {
    const { auth } = this.config;
    if (auth === "passthrough" || auth.cookie === undefined) return;
    const { details, serializer } = this.client;
    forgetLogin(details, decodeMessage(goodbye, serializer)[2]);
  }

  /** A step of the join took too long: the client's, or the router's. */
  onJoinTimeout(uri: string, sentence: string): void {
    const name = this.stateName;
    if (eventAction(name, "deadline") !== "abort") return;
    // Passing through, it may still be the client who owes an AUTHENTICATE.
    const isOpened = name === "connecting" || name === "joining";
    const isRouters = isOpened && uri === ErrorUri.timeout;
    this.log.refused({ by: isRouters ? "router" : "client", reason: sentence });
    if (isRouters) this.abortForRouter(uri, sentence, CloseCode.policyViolation);
    else this.abort(uri, sentence, CloseCode.policyViolation);
  }

  protected onEnded(): void {
    this.context.onEnd(this);
  }

  /** Takes a message of the router that opens or ends sessions, once the session has joined. */
  #onRouterMessage(message: WireMessage, type: number, router: Peer): void {
    const action = routerAction(this.stateName, type);
    if (action === "left") {
      forwardGoodbye(message, router, this.client);
      this.#startAgain();
    } else if (action === "end") {
      forwardGoodbye(message, router, this.client);
      this.leaveRouter(ErrorUri.goodbyeAndOut);
      this.startEnding();
    } else if (action === "abort") {
      forwardGoodbye(message, router, this.client);
      this.dropRouter(false);
      this.close(CloseCode.goingAway, "the router aborted the session");
    } else {
      throw routerViolation(type);
    }
  }

  /** Does what the tables say of an event that is no message. */
  protected on(event: SessionEvent): void {
    const name = this.stateName;
    const { abort, goodbye, close } = EVENT_REASONS[event];
    const action = eventAction(name, event);
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
      this.#finishLeaving();
    } else if (action === "close") {
      const { code, reason } = close?.[name] ?? { code: CloseCode.goingAway, reason: event };
      this.close(code, reason);
    }
  }

  /** Answers the client's GOODBYE in the place of a router that does not. */
  #finishLeaving(): void {
    this.sendToClient([MessageType.GOODBYE, {}, ErrorUri.goodbyeAndOut]);
    this.#startAgain();
  }

  /** The client has its GOODBYE, and may say HELLO, or has done so already. */
  #startAgain(): void {
    const hello = this.state.name === "leaving" ? this.state.hello : undefined;
    this.dropRouter(false);
    this.state = { name: "waiting" };
    this.clearDeadline();
    this.timeouts.awaitHello();
    // Through the front, so that what is wrong with it is the client's fault and not the router's.
    if (hello !== undefined) this.onMessage(hello);
  }

  #fail(thrown: unknown): void {
    if (clientAction(this.stateName, Number.NaN) === "late") this.log.late();
    else this.refuse(thrown);
  }

  /** The router said what it must not: the client cannot help it, and is told so. */
  #failRouter(thrown: unknown): void {
    if (!isRoutersFault(thrown)) {
      this.#fail(thrown);
      return;
    }
    this.log.routerRefused(thrown);
    const { state } = this;
    const isAsked = state.name === "opening" && this.stateName === "joining";
    if (isAsked && state.join.onRouterLost("what it says makes no sense")) return;
    const action = routerAction(this.stateName, Number.NaN);
    if (action === "finish") this.#finishLeaving();
    else if (this.state.name === "joined") this.sendGoodbye(ROUTER_VIOLATION);
    else if (action === "fail") {
      this.abort(ErrorUri.networkFailure, "Cannot join: the router's answer makes no sense");
    }
  }
}

/**
 * FrontendSession: one client's session on a proxy, from its connection to its end.
 *
 *     waiting -HELLO-> joining -WELCOME-> joined
 *        ^                                   |
 *        +-- router's GOODBYE <- leaving <-client's GOODBYE
 *
 * A router that says GOODBYE or is lost, a side that stalls, and a shutdown lead to `ending`: the
 * client has its GOODBYE and a second to answer it.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import type { SessionConfig } from "#config/node-config.ts";
import type { LogFields, Logger } from "#observe/logger.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import { CloseCode, type Peer, type PeerHandler, type WireMessage } from "#wamp/peer.ts";
import { peekMessageType } from "#wamp/serializer/peek.ts";
import { encodeMessage } from "#wamp/serializer/serializer.ts";
import { MalformedMessage } from "#wamp/transcode/malformed-message.ts";
import { UntellableValue } from "#wamp/transcode/untellable-value.ts";
import type { Side } from "./back-pressure.ts";
import type { NodeCredentials } from "./backend-join.ts";
import type { BackendObserver, BackendSession } from "./backend-session.ts";
import { FrontendJoin, type JoinObserver } from "./frontend-join.ts";
import type { RouteTable } from "./route-table.ts";
import { type LinkObserver, SessionLink } from "./session-link.ts";
import { passOn } from "./session-message.ts";
import type { Uncarried } from "./uncarried.ts";

/** What the sessions of one proxy worker share. */
export interface FrontendContext {
  log: Logger;
  node: NodeCredentials;
  routes: RouteTable;
  /** From the connection or the last GOODBYE to WELCOME, in milliseconds. */
  joinTimeoutMs: number;
  /** For the other side to answer a GOODBYE, in milliseconds. */
  goodbyeTimeoutMs: number;
  /** What sessions counted together, since the worker was started. */
  counts: { leftOut: number; stalled: number };
  onEnd(session: FrontendSession): void;
}

type State =
  | { name: "waiting" }
  | { name: "joining"; join: FrontendJoin }
  | { name: "joined" | "leaving"; link: SessionLink; backend: BackendSession }
  | { name: "ending" }
  | { name: "closed" };

/** One client on one connection; it may join, leave and join again. */
export class FrontendSession implements PeerHandler, BackendObserver, JoinObserver, LinkObserver {
  readonly #client: Peer;
  readonly #config: SessionConfig;
  readonly #context: FrontendContext;
  #state: State = { name: "waiting" };
  #timer: Timer | undefined;
  /** Messages that could be carried to neither side. */
  #leftOut = 0;

  constructor(client: Peer, config: SessionConfig, context: FrontendContext) {
    this.#client = client;
    this.#config = config;
    this.#context = context;
    this.#startJoinDeadline();
  }

  onMessage(message: WireMessage): void {
    try {
      const state = this.#state;
      if (state.name === "joined") {
        const type = state.link.toRouter.carry(message);
        if (type !== undefined) this.#onSessionMessage(message, type, state);
      } else {
        this.#onOtherMessage(message);
      }
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  onOversized(message: WireMessage): boolean {
    if (this.#state.name !== "joined") return false;
    const sentence = "Cannot carry message: longer than max_message_size";
    return this.#state.link.toRouter.refuse(message, {
      uri: ErrorUri.payloadSizeExceeded,
      sentence,
    });
  }

  onDrain(): void {
    this.#link?.drained("client");
  }

  onClose(reason: string): void {
    const { peer } = this.#client.details;
    this.#context.log.debug("client connection closed", { peer, reason });
    this.#end();
  }

  onRouterMessage(message: WireMessage): void {
    const state = this.#state;
    try {
      if (state.name === "joined" || state.name === "leaving") {
        const type = state.link.toClient.carry(message);
        if (type !== undefined) this.#onRouterSessionMessage(message, type, state);
      } else if (state.name === "joining") {
        state.join.onRouterMessage(message);
      }
    } catch (thrown) {
      this.#failRouter(thrown);
    }
  }

  onRouterBurst(deliver: () => void): void {
    this.#client.cork(deliver);
  }

  onRouterDrain(): void {
    this.#link?.drained("router");
  }

  onRouterLost(reason: string): void {
    const state = this.#state;
    if (state.name === "leaving") this.#finishLeaving();
    else if (state.name === "joined") {
      this.#context.log.warn("router connection lost", { reason });
      this.#sayGoodbye(ErrorUri.systemShutdown, "The router is gone");
    } else if (state.name === "joining" && !state.join.onRouterLost(reason)) {
      this.#abort(ErrorUri.networkFailure, "Cannot join: the router ended the connection");
    }
  }

  onJoined(backend: BackendSession, identity: LogFields): void {
    this.#clearDeadline();
    const link = new SessionLink(this.#client, backend.peer, this.#config.options, this);
    this.#state = { name: "joined", link, backend };
    this.#context.log.info("session joined", { peer: this.#client.details.peer, ...identity });
  }

  onDenied(uri: string, message: string): void {
    const { peer } = this.#client.details;
    this.#context.log.info("client refused", { peer, reason: message });
    this.#abort(uri, message);
  }

  onAborted(): void {
    this.#close(CloseCode.normal, "the router refused the session");
  }

  onFailed(thrown: unknown): void {
    this.#fail(thrown);
  }

  onStalled(side: Side): void {
    const { log, counts } = this.#context;
    counts.stalled += 1;
    const { peer } = this.#client.details;
    log.warn(`session closed: the ${side} did not read`, { peer, stalled: counts.stalled });
    if (side === "router") {
      this.#sayGoodbye(ErrorUri.routerStalled, "The router did not read in time");
    } else {
      this.#leaveRouter(ErrorUri.clientStalled);
      this.#close(CloseCode.policyViolation, ErrorUri.clientStalled);
    }
  }

  onLeftOut(side: Side, { uri, sentence }: Uncarried): void {
    const { log, counts } = this.#context;
    const { peer } = this.#client.details;
    counts.leftOut += 1;
    this.#leftOut += 1;
    // One line a session is enough to find the message by; the number follows at its end.
    if (this.#leftOut === 1) log.warn("message left out", { peer, towards: side, uri, sentence });
    // A client that cannot be answered must not believe that its publication arrived.
    if (side === "router" && uri === ErrorUri.payloadSizeExceeded) {
      this.#leaveRouter(ErrorUri.closeRealm);
      this.#tellClient([MessageType.GOODBYE, { message: sentence }, uri]);
      this.#close(CloseCode.messageTooBig, sentence);
    }
  }

  /** Tells the client GOODBYE `wamp.close.system_shutdown`, and the router that the client left. */
  shutdown(): void {
    const { name } = this.#state;
    if (name === "closed" || name === "ending") return;
    if (name === "waiting") this.#close(CloseCode.goingAway, "the node shuts down");
    else if (name === "joining") this.#abort(ErrorUri.systemShutdown, "The node shuts down");
    else this.#sayGoodbye(ErrorUri.systemShutdown, "The node shuts down");
  }

  get #link(): SessionLink | undefined {
    return "link" in this.#state ? this.#state.link : undefined;
  }

  #onSessionMessage(
    message: WireMessage,
    type: number,
    { link, backend }: Extract<State, { name: "joined" | "leaving" }>,
  ): void {
    if (type === MessageType.GOODBYE) {
      this.#state = { name: "leaving", link, backend };
      this.#startDeadline(this.#context.goodbyeTimeoutMs, () => this.#finishLeaving());
      this.#passGoodbye(message, this.#client, backend.peer);
    } else if (type === MessageType.ABORT) {
      this.#close(CloseCode.normal, "the client aborted the session");
    } else {
      throw violation(type, "the session is already joined");
    }
  }

  #onOtherMessage(message: WireMessage): void {
    const state = this.#state;
    const type = peekMessageType(message, this.#client.serializer);
    const isLeaving = type === MessageType.GOODBYE || type === MessageType.ABORT;
    if (isLeaving && state.name !== "leaving") {
      // Also one that closes politely, and says a last GOODBYE after the session has ended.
      const code = state.name === "ending" ? CloseCode.goingAway : CloseCode.normal;
      this.#close(code, "the client left");
    } else if (type === MessageType.ABORT) {
      this.#close(CloseCode.normal, "the client aborted the session");
    } else if (state.name === "joining") {
      state.join.onClientMessage(message);
    } else if (state.name === "waiting") {
      if (type !== MessageType.HELLO) throw violation(type, "the session has not joined");
      this.#startJoin(message);
    }
    // Else the session is over: what the client still had under way has nobody left to go to.
  }

  #startJoin(hello: WireMessage): void {
    const { node, routes } = this.#context;
    const context = { config: this.#config, node, routes, observer: this };
    const join = new FrontendJoin(this.#client, context, this);
    this.#state = { name: "joining", join };
    join.hello(hello);
  }

  #onRouterSessionMessage(
    message: WireMessage,
    type: number,
    { name, backend }: Extract<State, { name: "joined" | "leaving" }>,
  ): void {
    if (type === MessageType.GOODBYE) {
      this.#passGoodbye(message, backend.peer, this.#client);
      if (name === "leaving") {
        this.#dropRouter(false);
        this.#waitAgain();
      } else {
        this.#leaveRouter(ErrorUri.goodbyeAndOut);
        this.#startEnding();
      }
    } else if (type === MessageType.ABORT) {
      this.#passGoodbye(message, backend.peer, this.#client);
      this.#dropRouter(false);
      this.#close(CloseCode.goingAway, "the router aborted the session");
    } else {
      throw new Failure(`Cannot accept ${messageTypeName(type)}: the session is already joined`, {
        source: "router",
      });
    }
  }

  /** Passes on how a session ends; details that cannot be told do not keep it from ending. */
  #passGoodbye(message: WireMessage, from: Peer, to: Peer): void {
    try {
      passOn(message, from, to);
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      const goodbye = [MessageType.GOODBYE, {}, ErrorUri.closeRealm];
      to.send(encodeMessage(goodbye, to.serializer, to.isText));
    }
  }

  /** Answers the client's GOODBYE in the place of a router that does not. */
  #finishLeaving(): void {
    this.#dropRouter(false);
    this.#tellClient([MessageType.GOODBYE, {}, ErrorUri.goodbyeAndOut]);
    this.#waitAgain();
  }

  #waitAgain(): void {
    this.#state = { name: "waiting" };
    this.#startJoinDeadline();
  }

  #sayGoodbye(uri: string, message: string): void {
    this.#leaveRouter(uri);
    this.#tellClient([MessageType.GOODBYE, { message }, uri]);
    this.#startEnding();
  }

  #startEnding(): void {
    this.#state = { name: "ending" };
    this.#startDeadline(this.#context.goodbyeTimeoutMs, () =>
      this.#close(CloseCode.goingAway, "goodbye"),
    );
  }

  #abort(uri: string, message: string, code: number = CloseCode.normal): void {
    this.#leaveRouter(ErrorUri.closeRealm);
    this.#tellClient([MessageType.ABORT, { message }, uri]);
    this.#close(code, message);
  }

  #fail(thrown: unknown): void {
    const { name } = this.#state;
    if (name === "closed" || name === "ending") return;
    const { peer } = this.#client.details;
    const { log } = this.#context;
    if (thrown instanceof Failure && thrown.source === "router") {
      log.warn("router failed", { reason: thrown.message });
      this.#abort(thrown.uri ?? ErrorUri.networkFailure, "Cannot join: no router answers");
    } else if (thrown instanceof MalformedMessage) {
      log.info("client refused", { peer, reason: thrown.message });
      this.#abort(ErrorUri.protocolViolation, thrown.message, CloseCode.protocolError);
    } else if (thrown instanceof UntellableValue) {
      log.info("client refused", { peer, reason: thrown.message });
      this.#abort(ErrorUri.invalidArgument, thrown.message);
    } else if (thrown instanceof Failure && thrown.source === "client") {
      log.info("client refused", { peer, reason: thrown.message });
      const uri = thrown.uri ?? ErrorUri.protocolViolation;
      const isViolation = uri === ErrorUri.protocolViolation;
      this.#abort(uri, thrown.message, isViolation ? CloseCode.protocolError : CloseCode.normal);
    } else {
      const stack = thrown instanceof Error ? thrown.stack : String(thrown);
      log.error("session failed", { peer, stack });
      this.#abort(ErrorUri.unavailable, "Cannot go on: internal error", CloseCode.internalError);
    }
  }

  /** The router said what it must not: the client cannot help it, and is told so. */
  #failRouter(thrown: unknown): void {
    const isRouters =
      thrown instanceof MalformedMessage ||
      (thrown instanceof Failure && thrown.source === "router");
    if (!isRouters) {
      this.#fail(thrown);
      return;
    }
    this.#context.log.warn("router message refused", { reason: sentenceOf(thrown) });
    if (this.#state.name === "joining") {
      this.#abort(ErrorUri.networkFailure, "Cannot join: the router's answer makes no sense");
    } else {
      this.#sayGoodbye(ErrorUri.protocolViolation, "The router sent what is no WAMP message");
    }
  }

  #tellClient(message: readonly unknown[]): void {
    this.#client.send(encodeMessage(message, this.#client.serializer, this.#client.isText));
  }

  /** Ends what there is on the router's side, with a reason for a session that had joined. */
  #leaveRouter(reason: string): void {
    const { name } = this.#state;
    this.#dropRouter(name === "joined" || name === "leaving", reason);
  }

  #dropRouter(saysGoodbye: boolean, reason?: string): void {
    const state = this.#state;
    if (state.name === "joining") state.join.cancel();
    if (state.name !== "joined" && state.name !== "leaving") return;
    state.link.stop();
    state.backend.leave(saysGoodbye, reason);
    this.#state = { name: "ending" };
    if (this.#leftOut > 1) {
      const { peer } = this.#client.details;
      this.#context.log.warn("messages left out", { peer, messages: this.#leftOut });
    }
    this.#leftOut = 0;
  }

  #startJoinDeadline(): void {
    this.#startDeadline(this.#context.joinTimeoutMs, () => {
      const isWaiting = this.#state.name === "waiting";
      if (isWaiting) this.#close(CloseCode.policyViolation, "no HELLO in time");
      else this.#abort(ErrorUri.networkFailure, "Cannot join: not finished in time");
    });
  }

  #startDeadline(milliseconds: number, onPassed: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(onPassed, milliseconds);
  }

  #clearDeadline(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #close(code: number, reason: string): void {
    if (this.#state.name === "closed") return;
    this.#end();
    this.#client.close(code, reason);
  }

  #end(): void {
    if (this.#state.name === "closed") return;
    this.#clearDeadline();
    this.#leaveRouter(ErrorUri.closeRealm);
    this.#state = { name: "closed" };
    this.#context.onEnd(this);
  }
}

function violation(type: number, state: string): Failure {
  return new Failure(`Cannot accept ${messageTypeName(type)}: ${state}`, {
    source: "client",
    uri: ErrorUri.protocolViolation,
  });
}

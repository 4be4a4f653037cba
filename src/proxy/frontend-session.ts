/**
 * FrontendSession: one client's session on a proxy, from its connection to its end.
 *
 *     waiting -HELLO-> authenticating -accepted-> connecting -> joining -WELCOME-> joined
 *        ^                                                                           |
 *        +------------- GOODBYE answered by the router <- leaving <-client's GOODBYE-+
 *
 * A router that says GOODBYE or is lost, and a shutdown, lead to `ending`: the client has its
 * GOODBYE and a second to answer it. Passing through, there is no `authenticating`: HELLO, CHALLENGE
 * and AUTHENTICATE travel between client and router while `joining`.
 *
 * @module
 */

import type { AuthOutcome } from "#auth/pending-auth.ts";
import type { SessionIdentity } from "#auth/session-identity.ts";
import { Failure, sentenceOf } from "#base/failure.ts";
import { asRecord } from "#base/record.ts";
import type { ConnectionConfig, SessionConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import { Join } from "#session/join.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import { CloseCode, type Peer, type PeerHandler, type WireMessage } from "#wamp/peer.ts";
import { peekMessageType } from "#wamp/serializer/peek.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/serializer.ts";
import { MalformedMessage } from "#wamp/transcode/malformed-message.ts";
import { helloToRouter, welcomeToClient } from "./backend-join.ts";
import { type BackendObserver, BackendSession } from "./backend-session.ts";
import type { RouteTable } from "./route-table.ts";
import { type LinkObserver, SessionLink, type Side } from "./session-link.ts";
import type { Uncarried } from "./uncarried.ts";

/** What the sessions of one proxy worker share. */
export interface FrontendContext {
  log: Logger;
  nodeId: string;
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
  | "waiting"
  | "authenticating"
  | "connecting"
  | "joining"
  | "joined"
  | "leaving"
  | "ending"
  | "closed";

/** One client on one connection; it may join, leave and join again. */
export class FrontendSession implements PeerHandler, BackendObserver, LinkObserver {
  readonly #client: Peer;
  readonly #config: SessionConfig;
  readonly #context: FrontendContext;
  #state: State = "waiting";
  #timer: Timer | undefined;
  #join: Join | undefined;
  #identity: SessionIdentity | undefined;
  #backend: BackendSession | undefined;
  #link: SessionLink | undefined;
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
      if (this.#state === "joined") this.#onJoinedMessage(message);
      else this.#onOtherMessage(message);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  onOversized(message: WireMessage): boolean {
    if (this.#state !== "joined") return false;
    const sentence = "Cannot carry message: longer than max_message_size";
    return (
      this.#link?.toRouter.refuse(message, { uri: ErrorUri.payloadSizeExceeded, sentence }) ?? false
    );
  }

  onDrain(): void {
    this.#link?.drained("client");
  }

  onClose(reason: string): void {
    this.#context.log.debug("client connection closed", {
      peer: this.#client.details.peer,
      reason,
    });
    this.#end();
  }

  onRouterMessage(message: WireMessage): void {
    try {
      if (this.#state === "joined" || this.#state === "leaving") this.#onRouterJoined(message);
      else this.#onRouterJoining(message);
    } catch (thrown) {
      this.#context.log.warn("router message refused", { reason: sentenceOf(thrown) });
      this.onRouterLost(sentenceOf(thrown));
    }
  }

  onRouterBurst(deliver: () => void): void {
    this.#client.cork(deliver);
  }

  onRouterDrain(): void {
    this.#link?.drained("router");
  }

  onStalled(side: Side): void {
    const { log, counts } = this.#context;
    counts.stalled += 1;
    const waiting = side === "client" ? this.#client : this.#backend?.peer;
    log.warn(`session closed: the ${side} did not read`, {
      peer: this.#client.details.peer,
      waiting: waiting?.bufferedOctets,
      stalled: counts.stalled,
    });
    const uri = side === "client" ? ErrorUri.clientStalled : ErrorUri.routerStalled;
    this.#dropBackend(true, uri);
    if (side === "router") this.#sayGoodbye(uri, "The router did not read in time");
    else this.#close(CloseCode.policyViolation, uri);
  }

  onLeftOut(side: Side, { uri, sentence }: Uncarried): void {
    const { log, counts } = this.#context;
    const peer = this.#client.details.peer;
    counts.leftOut += 1;
    this.#leftOut += 1;
    // One line a session is enough to find the message by; the number follows at its end.
    if (this.#leftOut === 1) log.warn("message left out", { peer, towards: side, uri, sentence });
    // A client that cannot be answered must not believe that its publication arrived.
    if (side === "router" && uri === ErrorUri.payloadSizeExceeded) {
      this.#tellClient([MessageType.GOODBYE, { message: sentence }, uri]);
      this.#close(CloseCode.messageTooBig, sentence);
    }
  }

  onRouterLost(reason: string): void {
    const state = this.#state;
    this.#dropBackend(false);
    if (state === "leaving") this.#finishLeaving();
    else if (state === "joined") {
      this.#context.log.warn("router connection lost", { reason });
      this.#sayGoodbye(ErrorUri.systemShutdown, "The router is gone");
    } else if (state === "joining") {
      this.#abort(ErrorUri.networkFailure, "Cannot join: the router ended the connection");
    }
  }

  /** Tells the client GOODBYE `wamp.close.system_shutdown`, and the router that the client left. */
  shutdown(): void {
    if (this.#state === "closed" || this.#state === "ending") return;
    const hadJoined = this.#state === "joined" || this.#state === "leaving";
    this.#dropBackend(hadJoined);
    if (hadJoined) this.#sayGoodbye(ErrorUri.systemShutdown, "The node shuts down");
    else if (this.#state === "waiting") this.#close(CloseCode.goingAway, "the node shuts down");
    else this.#abort(ErrorUri.systemShutdown, "The node shuts down");
  }

  #onJoinedMessage(message: WireMessage): void {
    const type = this.#link?.toRouter.carry(message) ?? 0;
    if (type === 0) return;
    if (type === MessageType.GOODBYE) {
      this.#state = "leaving";
      this.#startDeadline(this.#context.goodbyeTimeoutMs, () => this.#finishLeaving());
      this.#link?.toRouter.forward(message);
    } else if (type === MessageType.ABORT) {
      this.#dropBackend(true);
      this.#close(CloseCode.normal, "the client aborted the session");
    } else {
      throw violation(`Cannot accept ${messageTypeName(type)}: the session is already joined`);
    }
  }

  #onOtherMessage(message: WireMessage): void {
    const type = peekMessageType(message, this.#client.serializer);
    switch (this.#state) {
      case "waiting":
        this.#onHello(message, type);
        return;
      case "authenticating":
        this.#onAuthenticate(message, type);
        return;
      case "joining":
        this.#onJoiningMessage(message, type);
        return;
      case "ending":
        if (type === MessageType.GOODBYE) this.#close(CloseCode.goingAway, "goodbye");
        return;
      case "connecting":
        throw violation(`Cannot accept ${messageTypeName(type)}: the session has not joined`);
      default:
        // The client said GOODBYE: what it still had under way has nobody left to go to.
        return;
    }
  }

  #onHello(message: WireMessage, type: number): void {
    // A client that closes politely may send a last GOODBYE after the session has ended.
    if (type === MessageType.GOODBYE || type === MessageType.ABORT) {
      this.#close(CloseCode.normal, "no session");
      return;
    }
    if (type !== MessageType.HELLO) {
      throw violation(`Cannot accept ${messageTypeName(type)}: the session has not joined`);
    }
    if (this.#config.auth === "passthrough") {
      const owned = typeof message === "string" ? message : new Uint8Array(message);
      this.#settle(this.#passThrough(owned));
      return;
    }
    this.#state = "authenticating";
    this.#join = new Join(this.#config.auth, this.#client.details);
    const decoded = decodeMessage(message, this.#client.serializer);
    this.#settle(this.#join.hello(decoded).then((outcome) => this.#onOutcome(outcome)));
  }

  #onAuthenticate(message: WireMessage, type: number): void {
    if (type === MessageType.ABORT) {
      this.#close(CloseCode.normal, "the client aborted the session");
      return;
    }
    if (type !== MessageType.AUTHENTICATE || this.#join === undefined) {
      throw violation(`Cannot accept ${messageTypeName(type)}: the session has not joined`);
    }
    const decoded = decodeMessage(message, this.#client.serializer);
    this.#settle(this.#join.authenticate(decoded).then((outcome) => this.#onOutcome(outcome)));
  }

  #onJoiningMessage(message: WireMessage, type: number): void {
    if (type === MessageType.ABORT) {
      this.#link?.toRouter.forward(message);
      this.#dropBackend(false);
      this.#close(CloseCode.normal, "the client aborted the session");
      return;
    }
    if (type !== MessageType.AUTHENTICATE || this.#identity !== undefined) {
      throw violation(`Cannot accept ${messageTypeName(type)}: the session has not joined`);
    }
    this.#link?.toRouter.forward(message);
  }

  async #onOutcome(outcome: AuthOutcome): Promise<void> {
    if (this.#state !== "authenticating") return;
    if (outcome.kind === "challenge") {
      this.#tellClient([MessageType.CHALLENGE, outcome.authmethod, outcome.extra]);
    } else if (outcome.kind === "deny") {
      this.#context.log.info("client refused", {
        peer: this.#client.details.peer,
        reason: outcome.message,
      });
      this.#abort(outcome.uri, outcome.message);
    } else {
      await this.#joinRouter(outcome.identity);
    }
  }

  async #joinRouter(identity: SessionIdentity): Promise<void> {
    const connection =
      this.#config.backend === null
        ? this.#context.routes.connectionForSession(identity.realm, identity.authrole)
        : this.#context.routes.connectionFor(this.#config.backend);
    this.#identity = identity;
    if (!(await this.#connect(connection))) return;
    const client = { roles: this.#join?.clientRoles ?? {}, transport: this.#client.details };
    const hello = helloToRouter(identity, client, this.#context.nodeId);
    const router = this.#backend?.peer;
    router?.send(encodeMessage(hello, router.serializer, router.isText));
  }

  async #passThrough(hello: WireMessage): Promise<void> {
    const connection = this.#context.routes.connectionFor(this.#config.backend ?? "");
    this.#identity = undefined;
    if (await this.#connect(connection)) this.#link?.toRouter.forward(hello);
  }

  /** Opens the twin; false when the client did not wait for it. */
  async #connect(connection: ConnectionConfig): Promise<boolean> {
    this.#state = "connecting";
    const { serializer } = this.#client;
    const { options } = this.#config;
    const wanted = { serializer, maxBuffered: options.max_buffered };
    const backend = await BackendSession.open(connection, wanted, this);
    if (this.#state !== "connecting") {
      backend.leave(false);
      return false;
    }
    this.#state = "joining";
    this.#backend = backend;
    this.#link = new SessionLink(this.#client, backend.peer, options, this);
    return true;
  }

  #onRouterJoining(message: WireMessage): void {
    const router = this.#backend?.peer;
    if (router === undefined || this.#state !== "joining") return;
    const type = peekMessageType(message, router.serializer);
    if (type === MessageType.WELCOME) {
      this.#welcome(message, router);
    } else if (type === MessageType.ABORT) {
      this.#link?.toClient.forward(message);
      this.#dropBackend(false);
      this.#close(CloseCode.normal, "the router refused the session");
    } else if (type === MessageType.CHALLENGE && this.#identity === undefined) {
      this.#link?.toClient.forward(message);
    } else {
      throw new Failure(`Cannot accept ${messageTypeName(type)}: the session has not joined`, {
        source: "router",
      });
    }
  }

  #welcome(message: WireMessage, router: Peer): void {
    this.#clearDeadline();
    this.#state = "joined";
    const welcome = decodeMessage(message, router.serializer);
    const details = asRecord(welcome[2]);
    if (this.#identity === undefined) this.#link?.toClient.forward(message);
    else this.#tellClient(welcomeToClient(welcome, this.#identity));
    this.#context.log.info("session joined", {
      peer: this.#client.details.peer,
      session: Number(welcome[1]),
      realm: this.#identity?.realm ?? text(details["realm"]),
      authid: this.#identity?.authid ?? text(details["authid"]),
      authrole: this.#identity?.authrole ?? text(details["authrole"]),
      authmethod: this.#identity?.authmethod ?? text(details["authmethod"]),
    });
  }

  #onRouterJoined(message: WireMessage): void {
    const type = this.#link?.toClient.carry(message) ?? 0;
    if (type === 0) return;
    if (type === MessageType.GOODBYE && this.#state === "leaving") {
      this.#link?.toClient.forward(message);
      this.#dropBackend(false);
      this.#waitAgain();
    } else if (type === MessageType.GOODBYE) {
      this.#link?.toClient.forward(message);
      this.#dropBackend(true, ErrorUri.goodbyeAndOut);
      this.#startEnding();
    } else if (type === MessageType.ABORT) {
      this.#link?.toClient.forward(message);
      this.#dropBackend(false);
      this.#close(CloseCode.goingAway, "the router aborted the session");
    } else {
      throw new Failure(`Cannot accept ${messageTypeName(type)}: the session is already joined`, {
        source: "router",
      });
    }
  }

  /** Answers the client's GOODBYE in the place of a router that does not. */
  #finishLeaving(): void {
    this.#dropBackend(false);
    this.#tellClient([MessageType.GOODBYE, {}, ErrorUri.goodbyeAndOut]);
    this.#waitAgain();
  }

  #waitAgain(): void {
    this.#state = "waiting";
    this.#identity = undefined;
    this.#join = undefined;
    this.#startJoinDeadline();
  }

  #sayGoodbye(uri: string, message: string): void {
    this.#tellClient([MessageType.GOODBYE, { message }, uri]);
    this.#startEnding();
  }

  #startEnding(): void {
    this.#state = "ending";
    // The client's GOODBYE must be read even if it was paused for a router that is gone.
    this.#client.resume();
    this.#startDeadline(this.#context.goodbyeTimeoutMs, () =>
      this.#close(CloseCode.goingAway, "goodbye"),
    );
  }

  #abort(uri: string, message: string, code: number = CloseCode.normal): void {
    this.#dropBackend(this.#state === "joined");
    this.#tellClient([MessageType.ABORT, { message }, uri]);
    this.#close(code, message);
  }

  #fail(thrown: unknown): void {
    if (this.#state === "closed" || this.#state === "ending") return;
    const peer = this.#client.details.peer;
    if (
      thrown instanceof MalformedMessage ||
      (thrown instanceof Failure && thrown.source === "client")
    ) {
      const uri = thrown instanceof Failure ? thrown.uri : undefined;
      this.#context.log.info("client refused", { peer, reason: thrown.message });
      const isViolation = uri === undefined || uri === ErrorUri.protocolViolation;
      this.#abort(
        uri ?? ErrorUri.protocolViolation,
        thrown.message,
        isViolation ? CloseCode.protocolError : CloseCode.normal,
      );
    } else if (thrown instanceof Failure && thrown.source === "router") {
      this.#context.log.warn("router failed", { reason: thrown.message });
      this.#abort(thrown.uri ?? ErrorUri.networkFailure, "Cannot join: no router answers");
    } else {
      const stack = thrown instanceof Error ? thrown.stack : String(thrown);
      this.#context.log.error("session failed", { peer, stack });
      this.#abort(ErrorUri.unavailable, "Cannot go on: internal error", CloseCode.internalError);
    }
  }

  #settle(work: Promise<void>): void {
    work.catch((thrown) => this.#fail(thrown));
  }

  #tellClient(message: readonly unknown[]): void {
    this.#client.send(encodeMessage(message, this.#client.serializer, this.#client.isText));
  }

  #dropBackend(hasJoined: boolean, reason?: string): void {
    const backend = this.#backend;
    this.#link?.stop();
    this.#backend = undefined;
    this.#link = undefined;
    backend?.leave(hasJoined, reason);
    if (this.#leftOut > 1) {
      const peer = this.#client.details.peer;
      this.#context.log.warn("messages left out", { peer, messages: this.#leftOut });
    }
    this.#leftOut = 0;
  }

  #startJoinDeadline(): void {
    this.#startDeadline(this.#context.joinTimeoutMs, () => {
      if (this.#state === "waiting") this.#close(CloseCode.policyViolation, "no HELLO in time");
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
    if (this.#state === "closed") return;
    this.#end();
    this.#client.close(code, reason);
  }

  #end(): void {
    if (this.#state === "closed") return;
    const hadJoined = this.#state === "joined";
    this.#state = "closed";
    this.#clearDeadline();
    this.#dropBackend(hadJoined);
    this.#context.onEnd(this);
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function violation(sentence: string): Failure {
  return new Failure(sentence, { source: "client", uri: ErrorUri.protocolViolation });
}

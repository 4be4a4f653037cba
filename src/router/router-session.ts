/**
 * One client of the router worker: it joins a realm, is routed, and leaves.
 *
 * @module
 */

import { forgetLogin } from "#auth/cookie.ts";
import type { Accept, AuthOutcome } from "#auth/pending-auth.ts";
import { Failure, sentenceOf } from "#base/failure.ts";
import type { AuthConfig, JoiningConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import {
  Authentication,
  type AuthenticationSupport,
  refuseTooLong,
  trustsProxies,
} from "#session/authentication.ts";
import { type JoinTimeoutObserver, JoinTimeouts } from "#session/join-timeouts.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { randomId } from "#wamp/id.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import {
  CloseCode,
  MAX_JOIN_OCTETS,
  type Peer,
  type PeerHandler,
  type WireMessage,
} from "#wamp/peer.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/control-message-values.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { Incoming, violation } from "./incoming.ts";
import type { Member } from "./member.ts";
import { sendError } from "./outgoing.ts";
import type { Realm } from "./realm.ts";
import { ROUTER_ROLES } from "./router-features.ts";

/** What a session needs beside its peer and its realms. */
export interface RouterSessionOptions extends AuthenticationSupport {
  log: Logger;
  /** Undefined: a client may take as long as it likes. */
  joining?: JoiningConfig | undefined;
  /** Is told when the connection is closed. */
  onEnd(session: RouterSession): void;
  /** A client that leaves more than this untaken is cut off; 16 MiB unless told. */
  maxBufferedOctets?: number;
}

const DEFAULT_MAX_BUFFERED_OCTETS = 16 * 1024 * 1024;

/** Requests that are answered with an ERROR when they are refused. */
const REQUESTS: ReadonlySet<number> = new Set([
  MessageType.PUBLISH,
  MessageType.SUBSCRIBE,
  MessageType.UNSUBSCRIBE,
  MessageType.CALL,
  MessageType.REGISTER,
  MessageType.UNREGISTER,
]);

/** Who takes which message of a client that has joined. */
const ROUTES = new Map<number, (realm: Realm, member: Member, message: Incoming) => void>([
  [MessageType.PUBLISH, ({ broker }, member, message) => broker.publish(member, message)],
  [MessageType.SUBSCRIBE, ({ broker }, member, message) => broker.subscribe(member, message)],
  [MessageType.UNSUBSCRIBE, ({ broker }, member, message) => broker.unsubscribe(member, message)],
  [MessageType.CALL, ({ dealer }, member, message) => dealer.call(member, message)],
  [MessageType.CANCEL, ({ dealer }, member, message) => dealer.cancel(member, message)],
  [MessageType.YIELD, ({ dealer }, member, message) => dealer.yield(member, message)],
  [MessageType.ERROR, ({ dealer }, member, message) => dealer.error(member, message)],
  [MessageType.REGISTER, ({ dealer }, member, message) => dealer.register(member, message)],
  [MessageType.UNREGISTER, ({ dealer }, member, message) => dealer.unregister(member, message)],
]);

/** Where a session is on its way. */
type State =
  | {
      name: "joining";
      join: Authentication;
      canceled: AbortController;
      busy: boolean;
      challenged: boolean;
    }
  | { name: "joined"; realm: Realm; member: Member }
  | { name: "closed" };

/** The session of one peer, from its first HELLO to the end of the connection. */
export class RouterSession implements PeerHandler, JoinTimeoutObserver {
  readonly #peer: Peer;
  readonly #auth: AuthConfig;
  readonly #realms: ReadonlyMap<string, Realm>;
  readonly #log: Logger;
  readonly #clock: JoinTimeouts;
  readonly #support: AuthenticationSupport;
  readonly #maxBufferedOctets: number;
  readonly #onEnd: (session: RouterSession) => void;
  #state: State;

  constructor(
    peer: Peer,
    auth: AuthConfig,
    realms: ReadonlyMap<string, Realm>,
    options: RouterSessionOptions,
  ) {
    this.#peer = peer;
    this.#auth = auth;
    this.#realms = realms;
    this.#log = options.log;
    this.#clock = new JoinTimeouts(options.joining, this);
    this.#support = options;
    this.#maxBufferedOctets = options.maxBufferedOctets ?? DEFAULT_MAX_BUFFERED_OCTETS;
    this.#onEnd = options.onEnd;
    this.#state = this.#beginJoin();
    if (!trustsProxies(auth)) peer.limitMessages?.(MAX_JOIN_OCTETS);
  }

  onMessage(message: WireMessage): void {
    const state = this.#state;
    try {
      if (state.name === "joining") this.#onJoinMessage(state, message);
      if (state.name === "joined") this.#onJoinedMessage(state.realm, state.member, message);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  onDrain(): void {}

  onJoinTimeout(uri: string, sentence: string): void {
    this.#abort(uri, sentence, CloseCode.policyViolation);
  }

  onClose(reason: string): void {
    this.#log.debug("peer closed", { peer: this.#peer.details.peer, reason });
    this.#end();
    this.#onEnd(this);
  }

  /** Says GOODBYE `wamp.close.system_shutdown` and closes the connection. */
  shutdown(): void {
    this.goodbye(ErrorUri.systemShutdown);
  }

  /** Says GOODBYE for a reason of the router's and closes the connection. */
  goodbye(reasonUri: string): void {
    if (this.#state.name === "closed") return;
    const joined = this.#state.name === "joined";
    this.#end();
    if (joined) this.#send([MessageType.GOODBYE, {}, reasonUri]);
    else this.#send([MessageType.ABORT, {}, reasonUri]);
    this.#peer.close(CloseCode.goingAway, reasonUri);
  }

  #beginJoin(): State {
    this.#clock.awaitHello();
    const canceled = new AbortController();
    const join = new Authentication(this.#auth, this.#peer.details, this.#support, canceled.signal);
    return { name: "joining", join, canceled, busy: false, challenged: false };
  }

  #onJoinMessage(state: State & { name: "joining" }, message: WireMessage): void {
    if (!trustsProxies(this.#auth)) refuseTooLong(message);
    const list = decodeMessage(message, this.#peer.serializer);
    const type = Number(list[0]);
    const awaited = state.challenged ? MessageType.AUTHENTICATE : MessageType.HELLO;
    if (type === MessageType.ABORT) {
      this.#end();
      this.#peer.close(CloseCode.normal, "aborted by the client");
      return;
    }
    if (state.busy || type !== awaited) {
      throw violation(`Cannot accept ${messageTypeName(type)}: the session has not joined`);
    }
    state.busy = true;
    if (state.challenged) this.#clock.authenticated();
    else this.#clock.awaitWelcome();
    const step = state.challenged ? state.join.authenticate(list) : state.join.hello(list);
    step
      .then((outcome) => this.#onOutcome(state, outcome))
      .catch((thrown: unknown) => this.#fail(thrown));
  }

  #onOutcome(state: State & { name: "joining" }, outcome: AuthOutcome): void {
    if (this.#state !== state) return;
    state.busy = false;
    switch (outcome.kind) {
      case "challenge":
        state.challenged = true;
        this.#clock.awaitAuthenticate();
        this.#send([MessageType.CHALLENGE, outcome.authmethod, outcome.extra]);
        return;
      case "deny":
        this.#abort(outcome.uri, outcome.message, CloseCode.normal);
        return;
      case "accept":
        this.#welcome(outcome, state.join);
    }
  }

  #welcome({ identity, welcomeExtra }: Accept, join: Authentication): void {
    const { clientRoles } = join;
    const realm = this.#realms.get(identity.realm);
    if (realm === undefined) {
      const sentence = `Cannot join: no realm "${identity.realm}" exists on this router`;
      this.#abort(ErrorUri.noSuchRealm, sentence, CloseCode.normal);
      return;
    }
    const role = realm.role(identity.authrole);
    if (role === undefined) {
      const sentence = `Cannot join: realm "${realm.name}" has no role "${identity.authrole}"`;
      this.#abort(ErrorUri.noSuchRole, sentence, CloseCode.normal);
      return;
    }
    this.#clock.stop();
    this.#peer.limitMessages?.(Number.POSITIVE_INFINITY);
    let id = randomId();
    while (realm.has(id)) id = randomId();
    let lastRequest = 0;
    const peer = this.#peer;
    const member: Member = {
      id,
      identity,
      role,
      callee: {
        callCanceling: announces(clientRoles, "callee", "call_canceling"),
        progressiveCallResults: announces(clientRoles, "callee", "progressive_call_results"),
      },
      serializer: peer.serializer,
      isText: peer.isText,
      maxSendOctets: peer.maxSendOctets,
      nextRequestId: () => {
        lastRequest += 1;
        return lastRequest;
      },
      send: (message) => this.#sendMessage(message),
      goodbye: (reasonUri) => this.goodbye(reasonUri),
    };
    const { authextra: own, ...who } = identity;
    const authextra = { ...own, ...welcomeExtra };
    const extra = Object.keys(authextra).length > 0 ? { authextra } : {};
    this.#state = { name: "joined", realm, member };
    this.#send([MessageType.WELCOME, id, { ...who, ...extra, roles: ROUTER_ROLES }]);
    join.welcomed(identity);
    realm.join(member);
  }

  #onJoinedMessage(realm: Realm, member: Member, wire: WireMessage): void {
    const message = new Incoming(wire, this.#peer.serializer);
    try {
      this.#dispatch(realm, member, message);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.uri === ErrorUri.protocolViolation) throw thrown;
      if (!REQUESTS.has(message.type)) throw thrown;
      this.#refuse(member, message, thrown);
    }
  }

  #dispatch(realm: Realm, member: Member, message: Incoming): void {
    const route = ROUTES.get(message.type);
    if (route !== undefined) {
      route(realm, member, message);
    } else if (message.type === MessageType.GOODBYE) {
      this.#onGoodbye(message);
    } else if (message.type === MessageType.ABORT) {
      this.#end();
      this.#peer.close(CloseCode.normal, "aborted by the client");
    } else {
      const name = messageTypeName(message.type);
      throw violation(`Cannot accept ${name}: no client sends it once it has joined`);
    }
  }

  #refuse(member: Member, message: Incoming, failure: Failure): void {
    // Nobody waits for the answer to a PUBLISH that asked for none.
    if (message.type === MessageType.PUBLISH && message.dict(2)["acknowledge"] !== true) {
      this.#log.debug("publication refused", { session: member.id, reason: failure.message });
      return;
    }
    const uri = failure.uri ?? ErrorUri.invalidArgument;
    sendError(member, message.type, message.id(1), uri, failure.message);
  }

  #onGoodbye(message: Incoming): void {
    if (this.#auth.cookie !== undefined) forgetLogin(this.#peer.details, message.uri(2));
    this.#end();
    this.#send([MessageType.GOODBYE, {}, ErrorUri.goodbyeAndOut]);
    this.#state = this.#beginJoin();
  }

  /** Ends this session, and no other, for what it sent or for a fault of the program. */
  #fail(thrown: unknown): void {
    if (this.#state.name === "closed") return;
    if (thrown instanceof Failure || thrown instanceof MalformedMessage) {
      const uri = thrown instanceof Failure ? thrown.uri : undefined;
      this.#abort(uri ?? ErrorUri.protocolViolation, sentenceOf(thrown), CloseCode.protocolError);
      return;
    }
    this.#log.error("session failed", {
      peer: this.#peer.details.peer,
      reason: thrown instanceof Error ? thrown.stack : String(thrown),
    });
    this.#abort(ErrorUri.internalError, "The router failed", CloseCode.internalError);
  }

  #abort(uri: string, message: string, code: number): void {
    if (this.#state.name === "closed") return;
    this.#end();
    this.#log.info("session aborted", { peer: this.#peer.details.peer, uri, reason: message });
    this.#send([MessageType.ABORT, { message }, uri]);
    this.#peer.close(code, uri);
  }

  #end(): void {
    this.#clock.stop();
    const state = this.#state;
    this.#state = { name: "closed" };
    if (state.name === "joining") state.canceled.abort();
    if (state.name === "joined") state.realm.leave(state.member);
  }

  #send(list: unknown[]): void {
    this.#peer.send(encodeMessage(list, this.#peer.serializer, this.#peer.isText));
  }

  /** Sends what the realm routes here; a client that does not keep up is cut off. */
  #sendMessage(message: WireMessage): void {
    if (this.#state.name !== "joined") return;
    const keepsUp = this.#peer.send(message);
    if (keepsUp || this.#peer.bufferedOctets <= this.#maxBufferedOctets) return;
    const { details, bufferedOctets } = this.#peer;
    this.#log.warn("slow client cut off", { peer: details.peer, bufferedOctets });
    this.#end();
    this.#peer.close(CloseCode.policyViolation, "the client does not keep up");
  }
}

function announces(roles: Record<string, unknown>, role: string, feature: string): boolean {
  const announced = roles[role] as { features?: Record<string, unknown> } | null | undefined;
  return announced?.features?.[feature] === true;
}

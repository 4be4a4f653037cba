/**
 * One client of the router worker: it joins a realm, is routed, and leaves.
 *
 * @module
 */

import { AssignedIdentity } from "#auth/assigned-identity.ts";
import { Authentication, type AuthenticationSupport, refuseTooLong } from "#auth/authentication.ts";
import { forgetLogin } from "#auth/cookie.ts";
import type { Accept, AuthOutcome } from "#auth/pending-auth.ts";
import type { SessionIdentity } from "#auth/session-identity.ts";
import { Failure, sentenceOf } from "#base/failure.ts";
import { asRecord } from "#base/record.ts";
import type { AuthConfig } from "#config/auth/auth-config.ts";
import type { JoiningConfig } from "#config/options/session-config.ts";
import type { LogFields, Logger } from "#observe/logger.ts";
import type { SessionCounts } from "#observe/session-counts.ts";
import type { SessionFacts } from "#observe/session-facts.ts";
import { traffic } from "#observe/traffic.ts";
import { AGE_GRACE_MS, ConnectionAge } from "#session/connection-age.ts";
import { type JoinTimeoutObserver, JoinTimeouts } from "#session/join-timeouts.ts";
import { LONG_MESSAGE_OCTETS } from "#session/long-messages.ts";
import { clientNeeds, NO_NEEDS } from "#session/reconnecting-clients.ts";
import { LATE_CALL, Retirement, type RetirementCause } from "#session/retirement.ts";
import { SessionExpiry } from "#session/session-expiry.ts";
import { askedFields, secondsSince } from "#session/session-fields.ts";
import { endByRouter, endOfUri, SessionRecord } from "#session/session-record.ts";
import { abortCloseCode } from "#wamp/abort-close-code.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { randomId } from "#wamp/id.ts";
import { MessageType, messageTypeName } from "#wamp/message-type.ts";
import {
  CloseCode,
  type GivenUp,
  MAX_JOIN_OCTETS,
  type Peer,
  type PeerHandler,
  type WireMessage,
} from "#wamp/peer.ts";
import { trustsProxies } from "#wamp/proxy-trust.ts";
import { peekMessageType } from "#wamp/serializer/message-head.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { clientFeatures } from "./client-features.ts";
import { type ClientConnection, ClientSession } from "./client-session.ts";
import { DrainDeadline } from "./drain-deadline.ts";
import { Incoming, isRefusal, violation } from "./incoming.ts";
import { prepareRequest, readLongMessage, receiverSerializers } from "./long-message-reader.ts";
import { sendError } from "./outgoing.ts";
import type { Realm } from "./realm.ts";
import type { Kill, RealmSession } from "./realm-session.ts";
import type { RealmTable } from "./realm-table.ts";
import { awaitsAnswer, type RefusableRequest, type Request, refusable } from "./requests.ts";
import { SessionRequests, type SessionRequestsOptions } from "./session-requests.ts";
import type { SessionStats } from "./session-stats.ts";

/** What a session needs besides its peer and its realms. */
export interface RouterSessionOptions extends AuthenticationSupport {
  log: Logger;
  counts: SessionCounts;
  /** The identity of a component of this worker, which does not authenticate. */
  identity?: SessionIdentity;
  /** Undefined: joining has no time limits. */
  joining?: JoiningConfig | undefined;
  /** Called when the connection is closed. */
  onEnd(session: RouterSession): void;
  /** Milliseconds after which the client is to connect again; undefined: never. */
  maxAgeMs?: number | undefined;
  /** A client with more octets waiting than this is disconnected; 16 MiB by default. */
  maxBufferedOctets?: number;
}

/** Why a connection is closed whose client has sent ABORT. */
const ABORTED = "aborted by the client";

/** Why a message of a session that is over has no effect. */
const GONE = "the session ended before it was handled";

const DEFAULT_MAX_BUFFERED_OCTETS = 16 * 1024 * 1024;

/** The reasons of GOODBYE for a session that is to end. */
const RETIREMENT_URIS: Record<RetirementCause, string> = {
  shutdown: ErrorUri.systemShutdown,
  age: ErrorUri.connectionAge,
};

/** How a session comes to its identity. */
type Joining = Authentication | AssignedIdentity;

/** The state of a session. */
type State = JoiningState | JoinedState | { name: "closed" };

interface JoiningState {
  name: "joining";
  authentication: Joining;
  canceled: AbortController;
  /** Whether a HELLO or an AUTHENTICATE is being processed. */
  isBusy: boolean;
  /** Whether a CHALLENGE was sent. */
  isChallenged: boolean;
  /** Whether the client has left a session, and has sent no HELLO since. */
  hasLeft: boolean;
}

interface JoinedState {
  name: "joined";
  realm: Realm;
  session: ClientSession;
  requests: SessionRequests;
  /** When it joined, by `performance.now`. */
  at: number;
  /** Undefined: it does not end by itself. */
  expiry: SessionExpiry | undefined;
  /** Undefined: its messages are not counted for its realm. */
  stats: SessionStats | undefined;
}

/** The session of one peer, from its first HELLO to the end of its connection. */
export class RouterSession
  implements PeerHandler, JoinTimeoutObserver, ClientConnection, SessionRequestsOptions
{
  readonly inOrder = true;
  readonly peer: Peer;
  readonly #auth: AuthConfig;
  readonly #realms: RealmTable;
  readonly #record: SessionRecord;
  readonly #timeouts: JoinTimeouts;
  /** Undefined: the client reads, or it has no proxy that is waited for. */
  #drain: DrainDeadline | undefined = undefined;
  readonly #options: RouterSessionOptions;
  /** Undefined: the connection may have any age. */
  readonly #age: ConnectionAge | undefined;
  /** Undefined: the session is not to end. */
  #retirement: Retirement | undefined;
  #state: State;
  /** Whether too much waits for the client, so that its session ends. */
  #isSlow = false;
  /** For how many reasons the client is not read. */
  #pauses = 0;
  /** How many messages arrived after the end of a session. */
  #late = 0;
  #needs = NO_NEEDS;

  get log(): Logger {
    return this.#options.log;
  }

  constructor(peer: Peer, auth: AuthConfig, realms: RealmTable, options: RouterSessionOptions) {
    this.peer = peer;
    this.#auth = auth;
    this.#realms = realms;
    this.#options = options;
    this.#record = new SessionRecord(options.counts);
    this.#timeouts = new JoinTimeouts(options.joining, this);
    this.#state = this.#beginJoin(false);
    if (!trustsProxies(auth)) peer.limitMessages?.(MAX_JOIN_OCTETS);
    const { maxAgeMs } = options;
    if (maxAgeMs !== undefined) {
      this.#age = new ConnectionAge(maxAgeMs, () => this.retire("age", AGE_GRACE_MS));
    }
  }

  onMessage(message: WireMessage): void {
    const state = this.#state;
    if (state.name === "closed" || (state.name === "joining" && this.#isLate(state, message))) {
      this.#late += 1;
      return;
    }
    try {
      if (state.name === "joining") this.#onJoinMessage(state, message);
      if (state.name === "joined") this.#onJoinedMessage(state, message);
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  get isJoining(): boolean {
    return this.#state.name === "joining";
  }

  /** For lists of sessions. */
  facts(): SessionFacts {
    return this.#record.facts(this.peer, this.#state.name === "closed");
  }

  onDrain(): void {}

  onGivenUp({ uri, sentence, code }: GivenUp): void {
    if (this.#state.name === "closed") return;
    const type = this.#state.name === "joined" ? MessageType.GOODBYE : MessageType.ABORT;
    if (type === MessageType.ABORT) this.#record.refused(uri);
    this.#record.ends(endOfUri(uri));
    this.#end(uri);
    this.#send([type, { message: sentence }, uri]);
    this.peer.close(code, sentence);
  }

  onJoinTimeout(uri: string, sentence: string): void {
    this.#record.ends("authentication_timeout");
    this.#abort(uri, sentence, CloseCode.policyViolation);
  }

  onClose(reason: string): void {
    this.log.debug("peer closed", { ...this.#logFields(), reason, late: this.#late });
    this.#drain?.stop();
    this.#record.connectionLost(reason);
    this.#age?.stop();
    this.#end(reason);
    this.#options.onEnd(this);
  }

  /** Ends the session behind the answer to a call, or when there is none, within so many milliseconds. */
  retire(cause: RetirementCause, graceMs: number): void {
    const state = this.#state;
    const end = () => this.goodbye(RETIREMENT_URIS[cause], this.#needs.bareClose);
    if (state.name !== "joined") {
      // Joining has its own deadlines.
      if (cause === "shutdown") end();
      return;
    }
    this.#retirement ??= new Retirement(graceMs, () => isAwaited(state), end);
    const check = () => {
      if (this.#state === state && !isAwaited(state)) end();
    };
    // The answer is sent behind the end of its call.
    state.session.onCallEnded = () => queueMicrotask(check);
  }

  /** Ends the session with `wamp.close.system_shutdown`. */
  shutdown(): void {
    this.goodbye(ErrorUri.systemShutdown, this.#needs.bareClose);
  }

  /** Sends GOODBYE, or ABORT before WELCOME, unless the close is to be bare, and closes the connection. */
  goodbye(reasonUri: string, isBare = false): void {
    if (this.#state.name === "closed") return;
    const type = this.#state.name === "joined" ? MessageType.GOODBYE : MessageType.ABORT;
    if (type === MessageType.ABORT) this.#record.refused(reasonUri);
    const isShutdown = reasonUri === ErrorUri.systemShutdown;
    this.#record.ends(isShutdown ? "shutdown" : endByRouter(reasonUri));
    this.#end(reasonUri);
    if (!isBare) this.#send([type, {}, reasonUri]);
    this.peer.close(CloseCode.goingAway, reasonUri);
  }

  /** Ends the session because the token of its client has ended. */
  #expire(): void {
    this.goodbye(ErrorUri.tokenExpired, this.#needs.bareClose);
  }

  /** Ends the session for another one of its realm. */
  kill({ reason, message, forgetsLogin }: Kill): void {
    if (this.#state.name !== "joined") return;
    if (forgetsLogin) this.peer.details.cookie?.forget();
    this.#record.ends("kicked");
    this.#end(reason);
    this.#send([MessageType.GOODBYE, { message }, reason]);
    this.peer.close(CloseCode.goingAway, reason);
  }

  #beginJoin(hasLeft: boolean): State {
    this.#timeouts.awaitHello();
    const canceled = new AbortController();
    const { details } = this.peer;
    const { identity } = this.#options;
    const authentication = identity
      ? new AssignedIdentity(identity)
      : new Authentication(this.#auth, details, this.#options, canceled.signal);
    const waiting = { isBusy: false, isChallenged: false };
    return { name: "joining", authentication, canceled, ...waiting, hasLeft };
  }

  /** Whether a message came behind the GOODBYE of the client, which only HELLO and ABORT may follow. */
  #isLate({ hasLeft }: JoiningState, message: WireMessage): boolean {
    if (!hasLeft) return false;
    try {
      const type = peekMessageType(message, this.peer.serializer);
      return type !== MessageType.HELLO && type !== MessageType.ABORT;
    } catch (thrown) {
      if (thrown instanceof MalformedMessage) return true;
      throw thrown;
    }
  }

  #onJoinMessage(state: JoiningState, message: WireMessage): void {
    if (!trustsProxies(this.#auth)) refuseTooLong(message);
    // A message type is an integer, also where a value of the message could not tell 1.0 from 1.
    peekMessageType(message, this.peer.serializer);
    const list = decodeMessage(message, this.peer.serializer);
    const type = Number(list[0]);
    const expected = state.isChallenged ? MessageType.AUTHENTICATE : MessageType.HELLO;
    if (type === MessageType.ABORT) {
      this.#record.ends("client_left");
      this.#end(ABORTED);
      this.peer.close(CloseCode.normal, ABORTED);
      return;
    }
    if (state.isBusy || type !== expected) {
      throw violation(`Cannot accept ${messageTypeName(type)}: the session has not joined`);
    }
    state.isBusy = true;
    state.hasLeft = false;
    if (type === MessageType.HELLO) {
      this.#record.begins(this.peer);
      this.#record.asks(list);
      this.#needs = clientNeeds(list);
    }
    if (state.isChallenged) this.#timeouts.authenticated();
    else this.#timeouts.awaitWelcome();
    const { authentication } = state;
    const pending = state.isChallenged
      ? authentication.authenticate(list)
      : authentication.hello(list);
    pending
      .then((outcome) => this.#onOutcome(state, outcome))
      .catch((thrown: unknown) => this.#fail(thrown));
  }

  #onOutcome(state: JoiningState, outcome: AuthOutcome): void {
    if (this.#state !== state) return;
    state.isBusy = false;
    switch (outcome.kind) {
      case "challenge":
        state.isChallenged = true;
        this.#timeouts.awaitAuthenticate();
        this.#send([MessageType.CHALLENGE, outcome.authmethod, outcome.extra]);
        return;
      case "deny":
        this.#abort(outcome.uri, outcome.message);
        return;
      case "accept":
        this.#welcome(outcome, state.authentication);
    }
  }

  #welcome(accept: Accept, authentication: Joining): void {
    const { identity, welcomeExtra, until } = accept;
    const realm = this.#realms.get(identity.realm);
    if (realm === undefined) {
      const sentence = `Cannot join: no realm "${identity.realm}" exists on this router`;
      this.#abort(ErrorUri.noSuchRealm, sentence);
      return;
    }
    const role = this.#options.identity
      ? realm.componentRole(identity.authrole)
      : realm.role(identity.authrole);
    if (role === undefined) {
      const sentence = `Cannot join: realm "${realm.name}" has no role "${identity.authrole}"`;
      this.#abort(ErrorUri.noSuchRole, sentence);
      return;
    }
    this.#timeouts.stop();
    this.peer.limitMessages?.(Number.POSITIVE_INFINITY);
    const session = new ClientSession(this, {
      id: unusedId(realm),
      // One text for all sessions of the realm.
      identity: { ...identity, realm: realm.name },
      role,
      features: clientFeatures(authentication.clientRoles),
      // A proxy states the transport of its client; a client cannot state its own.
      transport: accept.isStatedByProxy ? identity.authextra["transport"] : undefined,
    });
    const { authextra: ownExtra, ...details } = identity;
    const authextra = { ...ownExtra, ...welcomeExtra };
    const extra = Object.keys(authextra).length > 0 ? { authextra } : {};
    const requests = new SessionRequests(session, realm, this);
    const { authid, authmethod } = identity;
    const joined = {
      session: session.id,
      realm: realm.name,
      authid,
      authrole: role.name,
      authmethod,
    };
    this.#record.joined(joined, this.peer);
    const at = performance.now();
    const expiry = until === undefined ? undefined : new SessionExpiry(until, () => this.#expire());
    const stats = realm.statsOf(session);
    this.#state = { name: "joined", realm, session, requests, at, expiry, stats };
    this.#send([MessageType.WELCOME, session.id, { ...details, ...extra, roles: realm.announced }]);
    authentication.welcomed(identity);
    this.#logJoin(session, accept);
    realm.join(session);
    stats?.begin();
  }

  #logJoin(session: ClientSession, { isStatedByProxy = false }: Accept): void {
    if (this.log.omitsInfo) return;
    const { type, serializer } = this.peer.details;
    const { authrole, authmethod } = session.identity;
    // Behind a proxy the peer is the proxy.
    const { peer: client } = isStatedByProxy ? asRecord(session.transport()) : {};
    this.log.info("session joined", {
      ...this.#logFields(),
      authrole,
      authmethod,
      transport: type,
      serializer,
      ...(typeof client === "string" && { client }),
    });
  }

  #onJoinedMessage(state: JoinedState, octets: WireMessage): void {
    const { serializer } = this.peer;
    if (octets.length > LONG_MESSAGE_OCTETS) this.#onLongMessage(state, octets);
    else this.#handle(state, Incoming.read(octets, serializer), octets.length);
  }

  /** The client is not read until its long message is handled, so that the order stays. */
  #onLongMessage(state: JoinedState, octets: WireMessage): void {
    // The octets are handed over to the thread.
    const { length } = octets;
    this.pause();
    readLongMessage(octets, this.peer.serializer, (message) =>
      receiverSerializers(message, state.session, state.realm),
    )
      .then((message) => {
        if (this.#state === state) this.#handle(state, message, length);
        else if (message.type === MessageType.PUBLISH)
          state.session.leftOut.add(message.type, GONE);
        if (!state.requests.isWaiting) message.discard();
      })
      .catch((thrown: unknown) => this.#fail(thrown))
      .finally(() => this.resume());
  }

  #handle(state: JoinedState, message: Incoming, octets: number): void {
    if (message.type !== MessageType.GOODBYE && message.type !== MessageType.ABORT) {
      traffic.fromClients.count(message.type, octets);
      state.stats?.count(octets);
    }
    try {
      if (message.type === MessageType.CALL && this.#refusesCall(state, message)) throw lateCall();
      if (!state.requests.accept(message)) this.#dispatch(state, message);
    } catch (thrown) {
      const request = refusable(message);
      if (request === undefined || !isRefusal(thrown)) throw thrown;
      this.#refuse(state.session, request, thrown);
    }
  }

  /** A session that is to end takes no new calls. */
  #refusesCall({ requests }: JoinedState, message: Incoming): boolean {
    return this.#retirement?.refusesCalls === true && !requests.isFollowUp(message.id(1));
  }

  /** Handles a message that is no request. */
  #dispatch(state: JoinedState, message: Incoming): void {
    const { realm, session, requests } = state;
    switch (message.type) {
      case MessageType.CANCEL:
        if (!requests.cancel(message.id(1))) realm.dealer.cancel(session, message);
        return;
      case MessageType.YIELD:
        realm.dealer.yield(session, message);
        return;
      case MessageType.ERROR:
        realm.dealer.error(session, message);
        return;
      case MessageType.GOODBYE:
        this.#onGoodbye(state, message);
        return;
      case MessageType.ABORT:
        this.#record.ends("client_left");
        this.#end(ABORTED);
        this.peer.close(CloseCode.normal, ABORTED);
        return;
      default: {
        const name = messageTypeName(message.type);
        throw violation(`Cannot accept ${name}: no client sends it once it has joined`);
      }
    }
  }

  /** Reads a long request again that waited, if its receivers need that. */
  prepare(request: Request): Promise<Request> | undefined {
    return this.#state.name === "joined" ? prepareRequest(request, this.#state.realm) : undefined;
  }

  /** Answers a request that waited and is refused. */
  onRefused(request: Request, failure: Failure): void {
    if (this.#state.name === "joined") this.#refuse(this.#state.session, request, failure);
  }

  /** Ends the session after a fault of a request that waited. */
  onFailure(thrown: unknown): void {
    this.#fail(thrown);
  }

  #refuse(session: RealmSession, { type, id, options }: RefusableRequest, failure: Failure): void {
    // A PUBLISH without `acknowledge` gets no answer, not even an ERROR.
    if (type === MessageType.PUBLISH && !awaitsAnswer(options)) {
      session.leftOut.add(type, failure.message);
      return;
    }
    sendError(session, type, id, failure.uri ?? ErrorUri.invalidArgument, failure.message);
  }

  /** Leaves when the requests before GOODBYE are performed, some of which may wait for their authorizer. */
  #onGoodbye(state: JoinedState, message: Incoming): void {
    const reason = message.reasonOrNone();
    const { details } = this.peer;
    const joinsByCookie = this.#auth.cookie !== undefined || details.cookieToken !== undefined;
    if (joinsByCookie) forgetLogin(details, message.uri(2));
    if (!state.requests.isWaiting) {
      this.#leave(reason);
      return;
    }
    this.pause();
    state.requests.whenPerformed(() => {
      this.#leave(reason);
      this.resume();
    });
  }

  #leave(clientReason: string): void {
    this.#record.ends("client_left");
    this.#end(`client: ${clientReason}`);
    const reason = this.#needs.normalClose ? ErrorUri.normal : ErrorUri.goodbyeAndOut;
    this.#send([MessageType.GOODBYE, {}, reason]);
    this.#state = this.#beginJoin(true);
  }

  pause(): void {
    this.#pauses += 1;
    if (this.#pauses === 1) this.peer.pause();
  }

  resume(): void {
    this.#pauses -= 1;
    if (this.#pauses === 0) this.peer.resume();
  }

  /** Ends this session, and no other, after a violation of its client or a fault of the program. */
  #fail(thrown: unknown): void {
    if (this.#state.name === "closed") return;
    // One message that cannot be read must not keep a client away that ends at every ABORT.
    const isUnreadable = thrown instanceof MalformedMessage && this.#state.name === "joined";
    if (isUnreadable && this.#needs.noAbort) {
      this.#record.refused(ErrorUri.protocolViolation);
      this.#record.ends("protocol_violation");
      this.#end(thrown.message);
      this.peer.close(CloseCode.protocolError, thrown.message);
      return;
    }
    if (thrown instanceof Failure || thrown instanceof MalformedMessage) {
      const uri = thrown instanceof Failure ? thrown.uri : undefined;
      this.#abort(uri ?? ErrorUri.protocolViolation, sentenceOf(thrown));
      return;
    }
    this.log.error("session failed", {
      ...this.#logFields(),
      stack: thrown instanceof Error ? thrown.stack : String(thrown),
    });
    this.#abort(ErrorUri.internalError, "The router failed");
  }

  #abort(uri: string, message: string, code = abortCloseCode(uri)): void {
    if (this.#state.name === "closed") return;
    this.#record.refused(uri);
    this.#record.ends(endOfUri(uri));
    this.log.info("session aborted", { ...this.#logFields(), uri, reason: message });
    this.#end(uri);
    this.#send([MessageType.ABORT, { message }, uri]);
    this.peer.close(code, uri);
  }

  #end(reason: string): void {
    this.#timeouts.stop();
    const fields = this.#logFields();
    const state = this.#state;
    this.#state = { name: "closed" };
    if (state.name === "joining") state.canceled.abort();
    if (state.name !== "joined") return;
    this.log.info("session left", { ...fields, reason, seconds: secondsSince(state.at) });
    this.#record.sessionOver();
    this.#retirement?.stop();
    this.#retirement = undefined;
    state.expiry?.stop();
    state.requests.stop();
    state.realm.leave(state.session);
    state.stats?.end();
    state.session.over();
  }

  #send(list: unknown[]): void {
    this.peer.send(encodeMessage(list, this.peer.serializer));
  }

  /** Sends a message of the realm; a client that does not keep up is disconnected. */
  send(message: WireMessage): void {
    if (this.#state.name !== "joined" || this.#isSlow) return;
    traffic.toClients.count(peekMessageType(message, this.peer.serializer), message.length);
    this.#state.stats?.count(message.length);
    const keepsUp = this.peer.send(message);
    const { maxBufferedOctets = DEFAULT_MAX_BUFFERED_OCTETS } = this.#options;
    if (keepsUp || this.peer.bufferedOctets <= maxBufferedOctets) return;
    this.#isSlow = true;
    // The end of this session sends to others, of which some may be as slow, and so on: within one call, thousands
    // of them would be too deep for the stack.
    queueMicrotask(() => this.#cutOff());
  }

  #cutOff(): void {
    if (this.#state.name !== "joined") return;
    const { bufferedOctets } = this.peer;
    this.#options.counts.stalled("client");
    this.log.warn("slow client cut off", { ...this.#logFields(), bufferedOctets });
    this.#record.ends("slow_consumer");
    this.#end(ErrorUri.clientStalled);
    if (trustsProxies(this.#auth)) this.#leaveProxy();
    else this.peer.close(CloseCode.policyViolation, ErrorUri.clientStalled);
  }

  /** Only the client of the proxy is slow: the proxy gets the reason, behind all that waits, and closes. */
  #leaveProxy(): void {
    const message = "The client does not read what it is sent";
    this.#send([MessageType.GOODBYE, { message }, ErrorUri.clientStalled]);
    this.#drain = new DrainDeadline(this.peer, () => {
      this.peer.close(CloseCode.policyViolation, ErrorUri.clientStalled);
    });
    this.#drain.start();
  }

  /** The client, and its session, or what it asks for. */
  #logFields(): LogFields {
    const { peer } = this.peer.details;
    if (this.#state.name === "joining") {
      return { peer, ...askedFields(this.#record.hello) };
    }
    if (this.#state.name !== "joined") return { peer };
    const { id, identity } = this.#state.session;
    return { peer, session: id, realm: identity.realm, authid: identity.authid };
  }
}

/** Whether a request of the session is not performed yet, or a call waits for its answer. */
function isAwaited({ realm, session, requests }: JoinedState): boolean {
  if (requests.isWaiting || realm.dealer.isAwaited(session)) return true;
  return realm.callQueue?.has(session) === true;
}

function lateCall(): Failure {
  return new Failure(LATE_CALL.sentence, { source: "client", uri: LATE_CALL.uri });
}

function unusedId(realm: Realm): number {
  let id = randomId();
  while (realm.sessions.has(id) || realm.otherSessions.has(id)) id = randomId();
  return id;
}

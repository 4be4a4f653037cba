/**
 * SessionRecord: what one connection of a client adds to the counts of its worker, and what lists of sessions show of
 * it.
 *
 * @module
 */

import { shorten } from "#base/printable.ts";
import type { BackendName } from "#observe/backend-facts.ts";
import type { ConnectSpan, JoinSpan } from "#observe/join-tracer.ts";
import type { RoleCount, SessionCounts } from "#observe/session-counts.ts";
import type { SessionEnd, SessionFacts } from "#observe/session-facts.ts";
import type { SessionGroup } from "#observe/session-groups.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { type Peer, TransportEnd } from "#wamp/peer.ts";

/** Longest authid that is kept, in characters. */
const MOST_OF_AUTHID = 200;

/** What is known of a session that has joined; null: the router has not said it. */
export interface JoinedIdentity {
  session: number | null;
  realm: string | null;
  authid: string | null;
  authrole: string | null;
  authmethod: string | null;
}

/** The last session of the connection. */
interface LastSession extends JoinedIdentity {
  readonly joinedAt: number;
  readonly backend: BackendName | null;
}

/** Ends of joins for which this node or a router is at fault, rather than the client. */
const FAULTS: ReadonlySet<SessionEnd> = new Set<SessionEnd>([
  "router_lost",
  "router_stalled",
  "router_failed",
  "overloaded",
  "shutdown",
  "internal_error",
]);

/** The record of one connection. */
export class SessionRecord {
  readonly #counts: SessionCounts;
  readonly #startedAt = Date.now();
  #last: LastSession | undefined;
  /** Where the joined session is counted; undefined: there is none. */
  #role: RoleCount | undefined;
  #group: SessionGroup | undefined;
  /** Undefined: the session has not ended, or why is not known yet. */
  #end: SessionEnd | undefined;
  #hasBegun = false;
  /** What the client asks for; null unless a join is under way. */
  hello: readonly unknown[] | null = null;
  /** Of that join, where joins are recorded. */
  #span: JoinSpan | undefined;

  constructor(counts: SessionCounts) {
    this.#counts = counts;
  }

  /** The client has said HELLO, perhaps after a session that it has left. */
  begins({ details }: Pick<Peer, "details">): void {
    this.#hasBegun = true;
    this.hello = null;
    this.#end = undefined;
    this.#span = this.#counts.tracer?.begins(details);
  }

  /** Its HELLO could be read; a refusal has what it asks for. */
  asks(hello: readonly unknown[]): void {
    this.hello = hello;
    if (typeof hello[1] === "string") this.#span?.asked(hello[1]);
  }

  /** The join connects to a router, by the id of its connection; undefined: joins are not recorded. */
  connects(connection: string): ConnectSpan | undefined {
    return this.#span?.connects(connection);
  }

  /** A session has joined; `backend`: the router of a client of a proxy. */
  joined(
    identity: JoinedIdentity,
    { details }: Pick<Peer, "details">,
    backend: BackendName | null = null,
  ): void {
    const { session, realm, authrole, authmethod } = identity;
    const { type: transport, serializer } = details;
    const role = this.#counts.joined(realm, authrole);
    this.#role = role;
    this.#group = this.#counts.groups.joined({ realm, authrole, transport, serializer });
    const authid = identity.authid && shorten(identity.authid, MOST_OF_AUTHID);
    // The names of the role serve all of its sessions.
    const names = { realm: role.realm, authrole: role.role };
    this.#last = { session, ...names, authid, authmethod, backend, joinedAt: Date.now() };
    this.hello = null;
    this.#span?.joined(identity);
    this.#span = undefined;
  }

  /** The client is refused, or its session aborted, with this reason URI. */
  refused(uri: string): void {
    this.#counts.refused(uri);
    this.#endSpan(uri, this.#end ?? endOfUri(uri));
  }

  /** Notes why the session ends; the first reason counts, because the others follow from it. */
  ends(end: SessionEnd): void {
    this.#end ??= end;
  }

  /** Notes that the connection has ended; before HELLO that is no end of a session, but that of a health check. */
  connectionLost(reason: string): void {
    if (this.#hasBegun) this.ends(CLOSE_REASONS.get(reason) ?? "client_lost");
    const end = this.#end ?? "client_lost";
    this.#endSpan(end, end);
  }

  /** A join is over without a session. */
  #endSpan(outcome: string, end: SessionEnd): void {
    this.#span?.ended(outcome, FAULTS.has(end) ? end : null);
    this.#span = undefined;
  }

  /** A joined session is over; the client may join again on its connection. */
  sessionOver(): void {
    if (this.#role === undefined || this.#group === undefined) return;
    // The clock of the machine may be set back.
    const seconds = Math.max(0, Date.now() - (this.#last?.joinedAt ?? 0)) / 1000;
    this.#counts.groups.left(this.#group);
    this.#counts.left(this.#role);
    this.#role = undefined;
    this.#group = undefined;
    this.#counts.closed(this.#end ?? "client_lost", seconds);
  }

  /** What is known of the connection of this peer; `isOver`: it has ended now. */
  facts({ details, bufferedOctets }: Peer, isOver: boolean): SessionFacts {
    const joined = this.#role === undefined ? "not joined" : "joined";
    const { joinedAt = null, ...identity } = this.#last ?? NOT_JOINED;
    return {
      peer: details.peer,
      transport: details.type,
      serializer: details.serializer,
      tls: details.isSecure,
      ...identity,
      state: isOver ? "closed" : joined,
      startedAt: this.#startedAt,
      joinedAt,
      stoppedAt: isOver ? Date.now() : null,
      reason: isOver ? (this.#end ?? null) : null,
      pendingOctets: bufferedOctets,
    };
  }
}

const NOT_JOINED: Omit<LastSession, "joinedAt"> & { joinedAt?: number } = {
  session: null,
  realm: null,
  authid: null,
  authrole: null,
  authmethod: null,
  backend: null,
};

/** Why a session ends that is ended with this reason URI; a reason that is not known here only refuses it. */
export function endOfUri(uri: unknown): SessionEnd {
  return ENDS.get(uri) ?? "refused";
}

/** Why a joined session ends that its router has ended with this reason URI. */
export function endByRouter(uri: unknown): SessionEnd {
  if (uri === ErrorUri.systemShutdown) return "router_lost";
  if (uri === ErrorUri.tokenExpired) return "token_expired";
  return uri === ErrorUri.connectionAge ? "connection_age" : "kicked";
}

const ENDS: ReadonlyMap<unknown, SessionEnd> = new Map<string, SessionEnd>([
  [ErrorUri.timeout, "authentication_timeout"],
  [ErrorUri.authenticationFailed, "authentication_failed"],
  [ErrorUri.authenticationDenied, "authentication_failed"],
  [ErrorUri.noAuthMethod, "authentication_failed"],
  [ErrorUri.noSuchPrincipal, "authentication_failed"],
  [ErrorUri.notAuthorized, "not_authorized"],
  [ErrorUri.authorizationFailed, "not_authorized"],
  [ErrorUri.noSuchRealm, "no_such_realm"],
  [ErrorUri.noSuchRole, "no_such_role"],
  [ErrorUri.protocolViolation, "protocol_violation"],
  [ErrorUri.invalidArgument, "protocol_violation"],
  [ErrorUri.payloadSizeExceeded, "message_too_big"],
  [ErrorUri.messageTimeout, "message_timeout"],
  [ErrorUri.overloaded, "overloaded"],
  [ErrorUri.clientStalled, "slow_consumer"],
  [ErrorUri.routerStalled, "router_stalled"],
  [ErrorUri.networkFailure, "router_failed"],
  [ErrorUri.systemShutdown, "shutdown"],
  [ErrorUri.connectionAge, "connection_age"],
  [ErrorUri.tokenExpired, "token_expired"],
  [ErrorUri.unavailable, "internal_error"],
  [ErrorUri.internalError, "internal_error"],
]);

/** Transports that end a connection by themselves say why. */
const CLOSE_REASONS: ReadonlyMap<string, SessionEnd> = new Map<string, SessionEnd>([
  [TransportEnd.noPong, "ping_timeout"],
  [TransportEnd.tooMuchWaits, "slow_consumer"],
  [TransportEnd.tooMuchWaitsForAll, "slow_consumer"],
]);

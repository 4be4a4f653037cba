/**
 * MetaProcedure: a procedure of the router itself.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { Broker } from "./broker.ts";
import type { MetaCluster } from "./cluster-links.ts";
import type { Dealer } from "./dealer.ts";
import type { MetaArguments } from "./meta-arguments.ts";
import type { ListedSession, RealmSession } from "./realm-session.ts";

/** The realm that its meta procedures are about. */
export interface MetaRealm {
  readonly broker: Broker;
  readonly dealer: Dealer;
  /** Those of this worker. */
  readonly sessions: ReadonlyMap<number, RealmSession>;
  /** Those of other workers. */
  readonly otherSessions: ReadonlyMap<number, ListedSession>;
  /** Whether URIs are checked by WAMP's strict rules. */
  readonly checksStrictly: boolean;
  /** Undefined: no other worker has the realm. */
  readonly cluster: MetaCluster | undefined;
}

/** Returns the one argument of the RESULT, or its promise. */
export type MetaProcedure = (args: MetaArguments, caller: RealmSession) => unknown;

/** Procedures by their URIs. */
export type MetaProcedures = Readonly<Record<string, MetaProcedure>>;

/**
 * A session of this worker by its id, for a caller.
 *
 * @throws Failure (`wamp.error.no_such_session`) where there is none, or it is not shown to the caller.
 */
export function sessionOf({ sessions }: MetaRealm, id: number, caller: RealmSession): RealmSession {
  return shown(id, sessions.get(id), caller);
}

/** The same of a session on any worker. */
export function listedSessionOf(
  { sessions, otherSessions }: MetaRealm,
  id: number,
  caller: RealmSession,
): ListedSession {
  return shown(id, sessions.get(id) ?? otherSessions.get(id), caller);
}

function shown<T extends ListedSession>(id: number, session: T | undefined, caller: RealmSession) {
  if (session !== undefined && isShownTo(session, caller)) return session;
  throw new Failure(`Cannot find session ${id}: the realm has none with this id`, {
    source: "client",
    uri: ErrorUri.noSuchSession,
  });
}

/** Whether a caller may learn of a session. In Crossbar those with all rights are shown to nobody. */
export function isShownTo(session: ListedSession, caller: RealmSession): boolean {
  return isTrusted(caller) || !isTrusted(session);
}

/** Whether a caller may learn of patterns of the router, or end sessions with its rights: those with them may. */
export function isTrusted(session: ListedSession): boolean {
  return session.identity.authrole === "trusted";
}

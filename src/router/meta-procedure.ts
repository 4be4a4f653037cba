/**
 * MetaProcedure: a procedure of the router itself.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { Broker } from "./broker.ts";
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
}

/** Returns the one argument of the RESULT, or its promise. */
export type MetaProcedure = (args: MetaArguments, caller: RealmSession) => unknown;

/** Procedures by their URIs. */
export type MetaProcedures = Readonly<Record<string, MetaProcedure>>;

/** A session of this worker by its id. */
export function sessionOf({ sessions }: MetaRealm, id: number): RealmSession {
  return found(id, sessions.get(id));
}

/** A session by its id, on any worker. */
export function listedSessionOf({ sessions, otherSessions }: MetaRealm, id: number): ListedSession {
  return found(id, sessions.get(id) ?? otherSessions.get(id));
}

function found<T>(id: number, session: T | undefined): T {
  if (session !== undefined) return session;
  throw new Failure(`Cannot find session ${id}: the realm has none with this id`, {
    source: "client",
    uri: ErrorUri.noSuchSession,
  });
}

/** Whether a caller may learn of patterns of the router, or end sessions with its rights: those with them may. */
export function isTrusted(session: ListedSession): boolean {
  return session.identity.authrole === "trusted";
}

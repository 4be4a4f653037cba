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
import type { RealmSession } from "./realm-session.ts";

/** The realm that its meta procedures are about. */
export interface MetaRealm {
  readonly broker: Broker;
  readonly dealer: Dealer;
  readonly sessions: ReadonlyMap<number, RealmSession>;
}

/** Returns the one argument of the RESULT, or its promise. */
export type MetaProcedure = (args: MetaArguments, caller: RealmSession) => unknown;

/** Procedures by their URIs. */
export type MetaProcedures = Readonly<Record<string, MetaProcedure>>;

/** A session by its id. */
export function sessionOf({ sessions }: MetaRealm, id: number): RealmSession {
  const session = sessions.get(id);
  if (session !== undefined) return session;
  throw new Failure(`Cannot find session ${id}: the realm has none with this id`, {
    source: "client",
    uri: ErrorUri.noSuchSession,
  });
}

/** Whether a caller may learn of patterns of the router, or end sessions with its rights: those with them may. */
export function isTrusted(session: RealmSession): boolean {
  return session.identity.authrole === "trusted";
}

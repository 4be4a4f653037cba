/**
 * The meta procedures about sessions (WAMP specification, section "Session Meta API").
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { isLooseUri } from "#wamp/loose-uri.ts";
import { invalid, type MetaArguments } from "./meta-arguments.ts";
import {
  isShownTo,
  listedSessionOf,
  type MetaProcedures,
  type MetaRealm,
} from "./meta-procedure.ts";
import type { Kill, ListedSession, RealmSession } from "./realm-session.ts";

/** The procedures of a realm. */
export function sessionMeta(realm: MetaRealm): MetaProcedures {
  return {
    "wamp.session.count": (args, caller) => withRoles(realm, args, caller).length,
    "wamp.session.list": (args, caller) => withRoles(realm, args, caller).map(({ id }) => id),
    "wamp.session.get": (args, caller) =>
      sessionDetails(listedSessionOf(realm, args.id(0, "session_id"), caller)),
    "wamp.session.kill": (args, caller) => {
      const kill = readKill(args, 1);
      const session = listedSessionOf(realm, args.id(0, "session_id"), caller);
      if (!mayKill(caller, session)) throw notKilled(session.id);
      session.kill(kill);
      return null;
    },
    "wamp.session.kill_by_authid": (args, caller) => {
      const authid = args.text(0, "authid");
      const kill = { ...readKill(args, 1), forgetsLogin: true };
      return killAll(realm, caller, kill, ({ identity }) => identity.authid === authid);
    },
    "wamp.session.kill_by_authrole": (args, caller) => {
      const authrole = args.text(0, "authrole");
      return killAll(
        realm,
        caller,
        readKill(args, 1),
        ({ identity }) => identity.authrole === authrole,
      );
    },
    "wamp.session.kill_all": (args, caller) =>
      killAll(realm, caller, readKill(args, 0), () => true).length,
  };
}

/** What `wamp.session.get` and `wamp.session.on_join` tell of a session. */
export function sessionDetails(session: ListedSession): Record<string, unknown> {
  const { authid, authrole, authmethod, authprovider } = session.identity;
  const transport = session.transport();
  return { session: session.id, authid, authrole, authmethod, authprovider, transport };
}

/** The sessions that are shown to a caller: all, or those with one of the roles that it names. */
function withRoles(realm: MetaRealm, args: MetaArguments, caller: RealmSession): ListedSession[] {
  const shown = allSessions(realm).filter((session) => isShownTo(session, caller));
  const roles = args.value(0, "filter_authroles");
  if (roles === undefined) return shown;
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === "string")) {
    throw invalid("filter_authroles is no list of strings");
  }
  const names = new Set<string>(roles);
  return shown.filter(({ identity }) => names.has(identity.authrole));
}

/** Those of other workers first: where one of them cannot be reached, none is ended. */
function allSessions({ sessions, otherSessions }: MetaRealm): ListedSession[] {
  return [...otherSessions.values(), ...sessions.values()];
}

function readKill(args: MetaArguments, position: number): Kill {
  const reason = args.optionalText(position, "reason") ?? ErrorUri.normal;
  if (!isLooseUri(reason)) {
    throw new Failure("Cannot end the session: the reason is no URI", {
      source: "client",
      uri: ErrorUri.invalidReason,
    });
  }
  const message = args.optionalText(position + 1, "message");
  return { reason, message, forgetsLogin: false };
}

/** Ends the sessions that are meant, but for the caller's own, and returns their ids. */
function killAll(
  realm: MetaRealm,
  caller: RealmSession,
  kill: Kill,
  isMeant: (session: ListedSession) => boolean,
): number[] {
  const killed = allSessions(realm).filter((one) => isMeant(one) && mayKill(caller, one));
  for (const session of killed) session.kill(kill);
  return killed.map(({ id }) => id);
}

/** As in Crossbar, sessions with all rights stay, unless the caller has them too. */
function mayKill(caller: RealmSession, session: ListedSession): boolean {
  return session !== caller && isShownTo(session, caller);
}

function notKilled(id: number): Failure {
  const state = "it is the caller's own";
  return new Failure(`Cannot end session ${id}: ${state}`, {
    source: "client",
    uri: ErrorUri.noSuchSession,
  });
}

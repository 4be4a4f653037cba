/**
 * RealmCaller: calls, publications and subscriptions of the router worker itself, for authenticators and Web
 * services.
 *
 * They reach the realms through internal sessions, without a connection.
 *
 * @module
 */

import type { AuthenticatorCall, Authenticators } from "#auth/authenticators.ts";
import { Failure } from "#base/failure.ts";
import type { Logger } from "#observe/logger.ts";
import type { OutgoingRequests } from "#session/outgoing-requests.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import {
  RefusedSubscription,
  type WampAnswer,
  type WampCaller,
  type WampRequest,
  type WampSubscription,
} from "#wamp/wamp-caller.ts";
import { AuthorizerRole } from "./authorizer-role.ts";
import { openInternalSession } from "./internal-session.ts";
import { payloadOf } from "./outgoing.ts";
import { TRUSTED } from "./permission.ts";
import type { Realm } from "./realm.ts";
import type { Role } from "./role.ts";

/** The internal sessions of one use, by role and realm. */
type InternalSessions = Map<Role, Map<Realm, OutgoingRequests>>;

/** Calls, publishes and subscribes on the realms of this worker. */
export class RealmCaller implements Authenticators, WampCaller {
  readonly log: Logger;
  readonly #realms: ReadonlyMap<string, Realm>;
  /** One for each configured role and realm, and for `trusted`. */
  readonly #callers: InternalSessions = new Map();
  /** Other ones, because a session does not get the events that it publishes itself. */
  readonly #subscribers: InternalSessions = new Map();

  constructor(realms: ReadonlyMap<string, Realm>, log: Logger) {
    this.#realms = realms;
    this.log = log;
  }

  /** Calls an authenticator; no authorizer is asked whether this is permitted. */
  async call(call: AuthenticatorCall): Promise<unknown> {
    const action = `Cannot call "${call.procedure}"`;
    const [realm, role] = this.#find(call, action);
    return this.#caller(realm, role instanceof AuthorizerRole ? TRUSTED : role).call(call);
  }

  async request(request: WampRequest): Promise<WampAnswer> {
    const action = `Cannot ${request.kind} "${request.uri}"`;
    const [realm, role] = this.#find(request, action);
    try {
      return await this.#caller(realm, role).request(request);
    } catch (thrown) {
      // A session would get this as an ERROR.
      if (!(thrown instanceof Failure) || thrown.source !== "client") throw thrown;
      const uri = thrown.uri ?? ErrorUri.internalError;
      return { kind: "error", uri, payload: payloadOf([thrown.message]) };
    }
  }

  async subscribe(subscription: WampSubscription): Promise<() => void> {
    const { pattern, receiver } = subscription;
    const [realm, role] = this.#find(subscription, `Cannot subscribe to "${pattern.topic}"`);
    const { subscriptions } = this.#session(this.#subscribers, realm, role);
    try {
      return await subscriptions.subscribe(pattern, receiver);
    } catch (thrown) {
      // A session would get this as an ERROR.
      if (!(thrown instanceof Failure) || thrown.source !== "client") throw thrown;
      throw new RefusedSubscription(thrown.uri ?? ErrorUri.internalError);
    }
  }

  /** The realm and role of a call; a call without a role has `trusted`. */
  #find(target: { realm: string; role: string | null }, action: string): [Realm, Role] {
    const realm = this.#realms.get(target.realm);
    if (realm === undefined) throw notFound(action, `no realm "${target.realm}" exists`);
    const role = target.role === null ? TRUSTED : realm.role(target.role);
    if (role === undefined) {
      throw notFound(action, `realm "${target.realm}" has no role "${target.role}"`);
    }
    return [realm, role];
  }

  #caller(realm: Realm, role: Role): OutgoingRequests {
    return this.#session(this.#callers, realm, role);
  }

  #session(sessions: InternalSessions, realm: Realm, role: Role): OutgoingRequests {
    const byRealm = sessions.get(role) ?? new Map<Realm, OutgoingRequests>();
    sessions.set(role, byRealm);
    const existing = byRealm.get(realm);
    if (existing !== undefined) return existing;
    const created = openInternalSession(realm, { role, log: this.log });
    byRealm.set(realm, created);
    return created;
  }
}

function notFound(action: string, state: string): Failure {
  return new Failure(`${action}: ${state}`, { source: "internal" });
}

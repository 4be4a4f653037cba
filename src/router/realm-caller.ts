/**
 * RealmCaller: calls, publications and subscriptions of the router worker itself, for authenticators and Web
 * services.
 *
 * They reach the realms through internal sessions, without a connection. What a Web service asks for in the name of
 * a client goes through a session of its own.
 *
 * @module
 */

import type { AuthenticatorCall, Authenticators } from "#auth/authenticators.ts";
import { Failure } from "#base/failure.ts";
import type { Logger } from "#observe/logger.ts";
import type { OutgoingRequests } from "#session/outgoing-requests.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import {
  type OpenSubscription,
  RefusedSubscription,
  type WampAnswer,
  type WampCaller,
  type WampPrincipal,
  type WampRequest,
  type WampSubscription,
} from "#wamp/wamp-caller.ts";
import { openInternalSession } from "./internal-session.ts";
import { payloadOf } from "./outgoing.ts";
import { TRUSTED } from "./permission.ts";
import type { Realm } from "./realm.ts";
import type { RealmTable } from "./realm-table.ts";
import type { Role } from "./role.ts";

/** The internal sessions of one use, by realm and role; those of a realm that is removed go with it. */
type InternalSessions = WeakMap<Realm, Map<Role, OutgoingRequests>>;

/** Calls, publishes and subscribes on the realms of this worker. */
export class RealmCaller implements Authenticators, WampCaller {
  readonly log: Logger;
  readonly #realms: RealmTable;
  /** One for each configured role and realm, and for `trusted`. */
  readonly #callers: InternalSessions = new WeakMap();
  /** Other ones, because a session does not get the events that it publishes itself. */
  readonly #subscribers: InternalSessions = new WeakMap();

  constructor(realms: RealmTable, log: Logger) {
    this.#realms = realms;
    this.log = log;
  }

  /** Calls an authenticator; no authorizer is asked whether this is permitted. */
  async call(call: AuthenticatorCall): Promise<unknown> {
    const action = `Cannot call "${call.procedure}"`;
    const [realm, role] = this.#find(call, action);
    const permitted = role.asksAuthorizer ? TRUSTED : role;
    return this.#requests(this.#callers, realm, permitted).call(call);
  }

  async request(request: WampRequest): Promise<WampAnswer> {
    const action = `Cannot ${request.kind} "${request.uri}"`;
    const [realm, role] = this.#find(request, action);
    try {
      return await this.#requests(this.#callers, realm, role, request.principal).request(request);
    } catch (thrown) {
      // A session would get this as an ERROR.
      if (!(thrown instanceof Failure) || thrown.source !== "client") throw thrown;
      const uri = thrown.uri ?? ErrorUri.internalError;
      return { kind: "error", uri, payload: payloadOf([thrown.message]) };
    }
  }

  async subscribe(subscription: WampSubscription): Promise<OpenSubscription> {
    const { principal, pattern, receiver } = subscription;
    const [realm, role] = this.#find(subscription, `Cannot subscribe to "${pattern.topic}"`);
    const requests = this.#requests(this.#subscribers, realm, role, principal);
    try {
      return await requests.subscribe(pattern, receiver);
    } catch (thrown) {
      // A session would get this as an ERROR.
      if (!(thrown instanceof Failure) || thrown.source !== "client") throw thrown;
      throw new RefusedSubscription(thrown.uri ?? ErrorUri.internalError);
    }
  }

  /** The realm and role of a call; a call without a role has `trusted`. */
  #find(target: { realm: string; role: string | null }, action: string): [Realm, Role] {
    const realm = this.#realms.get(target.realm);
    if (realm === undefined) {
      throw notFound(`${action}: no realm "${target.realm}" exists`, ErrorUri.noSuchRealm);
    }
    const role = target.role === null ? TRUSTED : realm.role(target.role);
    if (role === undefined) {
      const state = `realm "${target.realm}" has no role "${target.role}"`;
      throw notFound(`${action}: ${state}`, ErrorUri.noSuchRole);
    }
    return [realm, role];
  }

  /** The requests of the session for a use; that of a client lasts as long as what it asks for. */
  #requests(
    sessions: InternalSessions,
    realm: Realm,
    role: Role,
    principal?: WampPrincipal,
  ): OutgoingRequests {
    if (principal !== undefined) {
      return openInternalSession(realm, { role, principal, log: this.log });
    }
    const byRole = sessions.get(realm) ?? new Map<Role, OutgoingRequests>();
    sessions.set(realm, byRole);
    const existing = byRole.get(role);
    if (existing !== undefined) return existing;
    const created = openInternalSession(realm, { role, log: this.log });
    byRole.set(role, created);
    return created;
  }
}

function notFound(sentence: string, uri: string): Failure {
  return new Failure(sentence, { source: "internal", uri });
}

/**
 * RealmCaller: calls and publications of the router worker itself, for authenticators and Web services.
 *
 * They reach the realms through internal sessions, without a connection.
 *
 * @module
 */

import type { AuthenticatorCall, Authenticators } from "#auth/authenticators.ts";
import { Failure } from "#base/failure.ts";
import type { Logger } from "#observe/logger.ts";
import { OutgoingRequests } from "#session/outgoing-requests.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { randomId } from "#wamp/id.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import { buildMessage } from "#wamp/transcode/payload-slice.ts";
import type { WampAnswer, WampCaller, WampRequest } from "#wamp/wamp-caller.ts";
import { Incoming } from "./incoming.ts";
import { payloadOf } from "./outgoing.ts";
import { Role } from "./permission.ts";
import type { Realm } from "./realm.ts";
import type { RealmSession } from "./realm-session.ts";

/** The role of internal sessions, with every permission, as in Crossbar. */
const TRUSTED = new Role({
  name: "trusted",
  permissions: [
    {
      uri: "",
      match: "prefix",
      allow: { call: true, register: true, publish: true, subscribe: true },
      disclose: { caller: false, publisher: false },
    },
  ],
});

/** Calls and publishes on the realms of this worker. */
export class RealmCaller implements Authenticators, WampCaller {
  readonly log: Logger;
  readonly #realms: ReadonlyMap<string, Realm>;
  /** One for each configured role and realm, and for `trusted`. */
  readonly #callers = new Map<Role, Map<Realm, OutgoingRequests>>();

  constructor(realms: ReadonlyMap<string, Realm>, log: Logger) {
    this.#realms = realms;
    this.log = log;
  }

  async call(call: AuthenticatorCall): Promise<unknown> {
    return this.#callerAt(call, call.role === null, `Cannot call "${call.procedure}"`).call(call);
  }

  async request(request: WampRequest): Promise<WampAnswer> {
    const isTrusted = request.role === TRUSTED.name;
    const caller = this.#callerAt(request, isTrusted, `Cannot ${request.kind} "${request.uri}"`);
    try {
      return await caller.request(request);
    } catch (thrown) {
      // A session would get this as an ERROR.
      if (!(thrown instanceof Failure) || thrown.source !== "client") throw thrown;
      const uri = thrown.uri ?? ErrorUri.internalError;
      return { kind: "error", uri, payload: payloadOf([thrown.message]) };
    }
  }

  #callerAt(
    target: { realm: string; role: string | null },
    mayBeTrusted: boolean,
    action: string,
  ): OutgoingRequests {
    const realm = this.#realms.get(target.realm);
    if (realm === undefined) throw notFound(action, `no realm "${target.realm}" exists`);
    const configured = target.role === null ? undefined : realm.role(target.role);
    const role = configured ?? (mayBeTrusted ? TRUSTED : undefined);
    if (role === undefined) {
      throw notFound(action, `realm "${target.realm}" has no role "${target.role}"`);
    }
    return this.#caller(realm, role);
  }

  #caller(realm: Realm, role: Role): OutgoingRequests {
    const byRealm = this.#callers.get(role) ?? new Map<Realm, OutgoingRequests>();
    this.#callers.set(role, byRealm);
    const existing = byRealm.get(realm);
    if (existing !== undefined) return existing;
    const created = internalSession(realm, role);
    byRealm.set(realm, created);
    return created;
  }
}

/** The requests of a new internal session; it is not listed among the sessions of the realm. */
function internalSession(realm: Realm, role: Role): OutgoingRequests {
  const requests = new OutgoingRequests(({ head, payload }) => {
    // The builder's result is its buffer, and the message to the callee is built in the same buffer.
    const octets = Buffer.from(buildMessage(head, payload, "cbor", false));
    const incoming = new Incoming(octets, "cbor");
    if (incoming.type === MessageType.CANCEL) realm.dealer.cancel(session, incoming);
    else if (incoming.type === MessageType.PUBLISH) realm.broker.publish(session, incoming);
    else realm.dealer.call(session, incoming);
  });
  const session: RealmSession = {
    id: randomId(),
    identity: {
      realm: realm.name,
      authid: "router",
      authrole: role.name,
      authmethod: "internal",
      authprovider: "internal",
      authextra: {},
    },
    role,
    calleeFeatures: { callCanceling: false, progressiveCallResults: false },
    serializer: "cbor",
    isText: false,
    maxSendOctets: Number.POSITIVE_INFINITY,
    nextRequestId: () => 1,
    send: (message: WireMessage) => void requests.onMessage(message, "cbor"),
    goodbye() {},
  };
  return requests;
}

function notFound(action: string, state: string): Failure {
  return new Failure(`${action}: ${state}`, { source: "internal" });
}

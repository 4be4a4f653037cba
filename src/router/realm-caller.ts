/**
 * Calls and publications of a router worker's own: authenticators and Web services reach its realms
 * without a connection, by members of the program's own.
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
import type { Member } from "./member.ts";
import { payloadOf } from "./outgoing.ts";
import { Role } from "./permission.ts";
import type { Realm } from "./realm.ts";

/** As in Crossbar, the router's own role may do everything, whatever is configured. */
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
  /** One for each role that there is, so that there are no more than are configured. */
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
      // What a session would be told by ERROR.
      if (!(thrown instanceof Failure) || thrown.source !== "client") throw thrown;
      const uri = thrown.uri ?? ErrorUri.internalError;
      return { kind: "error", uri, payload: payloadOf([thrown.message]) };
    }
  }

  #callerAt(
    where: { realm: string; role: string | null },
    mayBeTrusted: boolean,
    action: string,
  ): OutgoingRequests {
    const realm = this.#realms.get(where.realm);
    if (realm === undefined) throw notThere(action, `no realm "${where.realm}" exists`);
    const configured = where.role === null ? undefined : realm.role(where.role);
    const role = configured ?? (mayBeTrusted ? TRUSTED : undefined);
    if (role === undefined) {
      throw notThere(action, `realm "${where.realm}" has no role "${where.role}"`);
    }
    return this.#caller(realm, role);
  }

  #caller(realm: Realm, role: Role): OutgoingRequests {
    const ofRole = this.#callers.get(role) ?? new Map<Realm, OutgoingRequests>();
    this.#callers.set(role, ofRole);
    const known = ofRole.get(realm);
    if (known !== undefined) return known;
    const made = requestsOn(realm, role);
    ofRole.set(realm, made);
    return made;
  }
}

/** Requests of a member that nobody sees among the sessions of the realm. */
function requestsOn(realm: Realm, role: Role): OutgoingRequests {
  const requests = new OutgoingRequests(({ head, payload }) => {
    // What is built is borrowed, and the message to the callee is built in the same place.
    const octets = Buffer.from(buildMessage(head, payload, "cbor", false));
    const incoming = new Incoming(octets, "cbor");
    if (incoming.type === MessageType.CANCEL) realm.dealer.cancel(member, incoming);
    else if (incoming.type === MessageType.PUBLISH) realm.broker.publish(member, incoming);
    else realm.dealer.call(member, incoming);
  });
  const member: Member = {
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
    callee: { callCanceling: false, progressiveCallResults: false },
    serializer: "cbor",
    isText: false,
    maxSendOctets: Number.POSITIVE_INFINITY,
    nextRequestId: () => 1,
    send: (message: WireMessage) => void requests.onMessage(message, "cbor"),
    goodbye() {},
  };
  return requests;
}

function notThere(action: string, state: string): Failure {
  return new Failure(`${action}: ${state}`, { source: "internal" });
}

/**
 * Authenticators of a router worker: they are registered on its own realms, so that they are called
 * without a connection, by members of the program's own.
 *
 * @module
 */

import type { AuthenticatorCall, Authenticators } from "#auth/authenticators.ts";
import { Failure } from "#base/failure.ts";
import type { Logger } from "#observe/logger.ts";
import { OutgoingCalls } from "#session/outgoing-calls.ts";
import { randomId } from "#wamp/id.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/serializer.ts";
import { Incoming } from "./incoming.ts";
import type { Member } from "./member.ts";
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

/** Calls authenticators on the realms of this worker. */
export class RealmAuthenticators implements Authenticators {
  readonly log: Logger;
  readonly #realms: ReadonlyMap<string, Realm>;
  /** One for each role that there is, so that there are no more than are configured. */
  readonly #callers = new Map<Role, Map<Realm, OutgoingCalls>>();

  constructor(realms: ReadonlyMap<string, Realm>, log: Logger) {
    this.#realms = realms;
    this.log = log;
  }

  async call(call: AuthenticatorCall): Promise<unknown> {
    const realm = this.#realms.get(call.realm);
    if (realm === undefined) throw notThere(call, `no realm "${call.realm}" exists`);
    const role = call.role === null ? TRUSTED : realm.role(call.role);
    if (role === undefined) {
      throw notThere(call, `realm "${call.realm}" has no role "${call.role}"`);
    }
    return this.#caller(realm, role).call(call);
  }

  #caller(realm: Realm, role: Role): OutgoingCalls {
    const ofRole = this.#callers.get(role) ?? new Map<Realm, OutgoingCalls>();
    this.#callers.set(role, ofRole);
    const known = ofRole.get(realm);
    if (known !== undefined) return known;
    const made = callsOn(realm, role);
    ofRole.set(realm, made);
    return made;
  }
}

/** Calls of a member that nobody sees among the sessions of the realm. */
function callsOn(realm: Realm, role: Role): OutgoingCalls {
  const calls = new OutgoingCalls((message) => {
    const incoming = new Incoming(encodeMessage(message, "cbor", false), "cbor");
    if (incoming.type === MessageType.CANCEL) realm.dealer.cancel(member, incoming);
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
    send: (message: WireMessage) => void calls.onMessage(decodeMessage(message, "cbor")),
    goodbye() {},
  };
  return calls;
}

function notThere({ procedure }: AuthenticatorCall, state: string): Failure {
  return new Failure(`Cannot call "${procedure}": ${state}`, { source: "internal" });
}

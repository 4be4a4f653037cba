/**
 * Internal sessions: calls and publications of the router itself on a realm, without a connection.
 *
 * @module
 */

import type { Logger } from "#observe/logger.ts";
import { OutgoingRequests } from "#session/outgoing-requests.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { randomId } from "#wamp/id.ts";
import { MessageType } from "#wamp/message-type.ts";
import { UnserializedMessage } from "#wamp/transcode/unserialized-message.ts";
import type { WampPrincipal } from "#wamp/wamp-caller.ts";
import { NO_FEATURES } from "./client-features.ts";
import { Incoming } from "./incoming.ts";
import { LeftOutMessages } from "./left-out-messages.ts";
import { sendError } from "./outgoing.ts";
import type { RealmSession } from "./realm-session.ts";
import type { Role } from "./role.ts";
import { type RequestTarget, SessionRequests } from "./session-requests.ts";

/** The router itself. */
const ROUTER: WampPrincipal = {
  authid: "router",
  authmethod: "internal",
  authprovider: "internal",
};

/** What an internal session needs besides its realm. */
export interface InternalSessionOptions {
  role: Role;
  /** The client in whose name it acts; undefined: the router itself. */
  principal?: WampPrincipal | undefined;
  log: Logger;
  /** Most requests that may wait for their answers at once; absent: the default. */
  maxRequests?: number;
}

/** The requests of a new internal session; it is not listed among the sessions of the realm. */
export function openInternalSession(
  realm: RequestTarget & { readonly name: string },
  { role, principal = ROUTER, log, maxRequests }: InternalSessionOptions,
): OutgoingRequests {
  const outgoing = new OutgoingRequests(({ head, payload }) => {
    // CBOR, so that what it cannot represent is refused whatever the receivers have.
    const message = new Incoming(new UnserializedMessage(head, payload, "cbor"), "cbor");
    if (message.type !== MessageType.CANCEL) requests.accept(message);
    else if (!requests.cancel(message.id(1))) realm.dealer.cancel(session, message);
  }, maxRequests);
  const id = randomId();
  const session: RealmSession = {
    id,
    identity: { realm: realm.name, authrole: role.name, authextra: {}, ...principal },
    role,
    features: NO_FEATURES,
    serializer: "cbor",
    maxSendOctets: Number.POSITIVE_INFINITY,
    lastInvocation: 0,
    onCallEnded: undefined,
    transport: () => null,
    take: (message) => void outgoing.onItems(message, "cbor"),
    send: (message) => void outgoing.onMessage(message, "cbor"),
    leftOut: new LeftOutMessages(log, { session: id, realm: realm.name, authid: principal.authid }),
    goodbye() {},
    kill() {},
  };
  const requests = new SessionRequests(session, realm, {
    // The requests of different HTTP clients have no order.
    inOrder: false,
    onRefused: ({ type, id }, failure) =>
      sendError(session, type, id, failure.uri ?? ErrorUri.internalError, failure.message),
    onFailure: (thrown) => {
      log.error("internal request failed", {
        realm: realm.name,
        stack: thrown instanceof Error ? thrown.stack : String(thrown),
      });
    },
  });
  return outgoing;
}

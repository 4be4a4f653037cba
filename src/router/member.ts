/**
 * Member: what the broker and the dealer know of a session of their realm.
 *
 * @module
 */

import type { SessionIdentity } from "#auth/session-identity.ts";
import type { SerializerName, WireMessage } from "#wamp/peer.ts";
import type { Role } from "./permission.ts";

/** What a client announced in HELLO, as far as the dealer minds it. */
export interface CalleeFeatures {
  callCanceling: boolean;
  progressiveCallResults: boolean;
}

/** A session that has joined a realm. */
export interface Member {
  readonly id: number;
  readonly identity: SessionIdentity;
  readonly role: Role;
  readonly callee: CalleeFeatures;
  readonly serializer: SerializerName;
  readonly isText: boolean;
  readonly maxSendOctets: number;
  /** The next id of this session's scope, for an INVOCATION. */
  nextRequestId(): number;
  /** Sends a message that was made for this serializer. */
  send(message: WireMessage): void;
  /** Ends the session from the router's side. */
  goodbye(reasonUri: string): void;
}

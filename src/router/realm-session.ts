/**
 * RealmSession: a joined session, as the broker and the dealer of its realm use it.
 *
 * @module
 */

import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import type { LeftOutMessages } from "./left-out-messages.ts";
import type { Requester, Role } from "./role.ts";

/** The features of the role callee that the client announced in HELLO and the dealer uses. */
export interface CalleeFeatures {
  callCanceling: boolean;
}

/** A session that has joined a realm. */
export interface RealmSession extends Requester {
  readonly role: Role;
  readonly calleeFeatures: CalleeFeatures;
  readonly serializer: SerializerName;
  readonly maxSendOctets: number;
  /** Messages of this session, or for it, that have no effect, and for which no ERROR can be sent. */
  readonly leftOut: LeftOutMessages;
  /** The id of the last INVOCATION for this session; 0: there was none. */
  lastInvocation: number;
  /** Called whenever a call of this session, or one that it performs, has ended; undefined: that is not of interest. */
  onCallEnded: (() => void) | undefined;
  /** Sends a message that is already serialized for this session. */
  send(message: WireMessage): void;
  /** Ends the session from the router's side. */
  goodbye(reasonUri: string): void;
}

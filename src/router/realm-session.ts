/**
 * RealmSession: a joined session, as the broker and the dealer of its realm use it.
 *
 * @module
 */

import type { SessionIdentity } from "#auth/session-identity.ts";
import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import type { MessageItems } from "#wamp/transcode/payload-slice.ts";
import type { ClientFeatures } from "./client-features.ts";
import type { RoutedPayload } from "./incoming.ts";
import type { LeftOutMessages } from "./left-out-messages.ts";
import type { Requester, Role } from "./role.ts";

/** How a session is ended by another one. */
export interface Kill {
  /** A URI. */
  readonly reason: string;
  /** For the client; undefined: none. */
  readonly message?: string | undefined;
  /** Whether its cookie stands for no login any more. */
  readonly forgetsLogin: boolean;
}

/** What a session may be made to lose. */
export type RevokedKind = "subscription" | "registration";

/** A session as the meta API knows it, on whichever worker of its realm it is. */
export interface ListedSession {
  readonly id: number;
  readonly identity: Omit<SessionIdentity, "realm" | "authextra">;
  /** The details of its transport, as Crossbar gives them. */
  transport(): unknown;
  /**
   * Ends the session because another one asks for that.
   *
   * @throws Failure (`wamp.error.unavailable`) when its worker cannot be reached.
   */
  kill(kill: Kill): void;
  /**
   * Has the worker of the session end its subscription or registration with this id; absent: it is of this worker.
   *
   * @throws Failure (`wamp.error.unavailable`) when that cannot be reached.
   */
  readonly revoke?: (kind: RevokedKind, id: number, reason: string | undefined) => void;
}

/** A session that has joined a realm. */
export interface RealmSession extends Requester {
  readonly role: Role;
  readonly features: ClientFeatures;
  readonly serializer: SerializerName;
  readonly maxSendOctets: number;
  /** Messages of this session, or for it, that have no effect, and for which no ERROR can be sent. */
  readonly leftOut: LeftOutMessages;
  /** The id of the last INVOCATION for this session; 0: there was none. */
  lastInvocation: number;
  /** Called whenever a call of this session, or one that it performs, has ended; undefined: that is not of interest. */
  onCallEnded: (() => void) | undefined;
  /** Takes a message that is not serialized; absent: this session takes octets alone. */
  readonly take?: (message: MessageItems) => void;
  /** Takes no more messages of the client until `resume`, which is called as often; absent: it cannot be paused. */
  readonly pause?: () => void;
  readonly resume?: () => void;
  /**
   * Takes the parts of a message for a session of another worker; absent: it is of this one. What it returns is given to
   * `send`, which has nothing to do then.
   */
  readonly forward?: (head: readonly unknown[], payload: RoutedPayload | undefined) => WireMessage;
  /** Sends a message that is already serialized for this session. */
  send(message: WireMessage): void;
  /** Ends the session from the router's side. */
  goodbye(reasonUri: string): void;
  /** Ends the session because another one asks for that. */
  kill(kill: Kill): void;
}

/**
 * RemoteCallee: a callee of another worker, as the dealer of this one uses it.
 *
 * @module
 */

import type { SessionIdentity } from "#auth/session-identity.ts";
import { type ClientFeatures, NO_FEATURES } from "#router/client-features.ts";
import type { RoutedPayload } from "#router/incoming.ts";
import type { LeftOutMessages } from "#router/left-out-messages.ts";
import type { RealmSession } from "#router/realm-session.ts";
import type { Registration } from "#router/registration-map.ts";
import type { Role } from "#router/role.ts";
import type { WireMessage } from "#wamp/peer.ts";

/** What `send` is given when a message has been forwarded. */
export const FORWARDED: WireMessage = new Uint8Array(0);

/** Sends what the dealer has for a callee of another worker. */
export interface CalleeForwarder {
  /** The number of the last call that was sent to another worker, whichever it is. */
  lastCall: number;
  forward(callee: RemoteCallee, head: readonly unknown[], payload: RoutedPayload | undefined): void;
}

/** The owner of a registration, which looks at what the callee announced that it chooses. */
export const OWNER_FEATURES: ClientFeatures = {
  ...NO_FEATURES,
  takesProgress: true,
  passthru: { caller: true, callee: true, publisher: true },
};

/** What a stand-in shows of its session. */
export interface RemoteCalleeParts {
  readonly member: string;
  readonly id: number;
  readonly identity: SessionIdentity;
  readonly role: Role;
  readonly features: ClientFeatures;
  readonly leftOut: LeftOutMessages;
  readonly forwarder: CalleeForwarder;
  /** The registration whose callee the other worker chooses; absent: it is this session. */
  readonly owned?: Pattern;
}

type Pattern = Pick<Registration, "uri">;

/** The session of a callee that has joined at another worker. */
export class RemoteCallee implements RealmSession {
  readonly member: string;
  readonly id: number;
  readonly identity: SessionIdentity;
  readonly role: Role;
  readonly features: ClientFeatures;
  readonly serializer = "cbor";
  readonly maxSendOctets = Number.POSITIVE_INFINITY;
  readonly leftOut: LeftOutMessages;
  readonly owned: Pattern | undefined;
  onCallEnded: (() => void) | undefined;
  readonly #forwarder: CalleeForwarder;

  constructor(parts: RemoteCalleeParts) {
    const { member, id, identity, role, features, leftOut, forwarder, owned } = parts;
    this.member = member;
    this.id = id;
    this.identity = identity;
    this.role = role;
    this.owned = owned;
    // The other worker is always told, and interrupts the callee if that understands it.
    this.features = { ...features, callCanceling: true };
    this.leftOut = leftOut;
    this.#forwarder = forwarder;
  }

  /** All remote callees have one sequence, so that a number is that of one call. */
  get lastInvocation(): number {
    return this.#forwarder.lastCall;
  }

  set lastInvocation(number: number) {
    this.#forwarder.lastCall = number;
  }

  transport(): null {
    return null;
  }

  forward(head: readonly unknown[], payload: RoutedPayload | undefined): WireMessage {
    this.#forwarder.forward(this, head, payload);
    return FORWARDED;
  }

  send(): void {}

  goodbye(): void {}

  kill(): void {}
}

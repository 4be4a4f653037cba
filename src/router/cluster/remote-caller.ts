/**
 * RemoteCaller: the callers of another worker, as the dealer of this one uses them.
 *
 * @module
 */

import type { SessionIdentity } from "#auth/session-identity.ts";
import { type ClientFeatures, NO_FEATURES } from "#router/client-features.ts";
import type { RoutedPayload } from "#router/incoming.ts";
import type { LeftOutMessages } from "#router/left-out-messages.ts";
import { TRUSTED } from "#router/permission.ts";
import type { RealmSession } from "#router/realm-session.ts";
import type { WireMessage } from "#wamp/peer.ts";
import { FORWARDED } from "./remote-callee.ts";

/** The worker of the caller has looked at what it announced. */
export const PEER_FEATURES: ClientFeatures = {
  ...NO_FEATURES,
  passthru: { caller: true, callee: true, publisher: true },
};

/** Sends an answer to the worker of the caller. */
export type AnswerForwarder = (
  head: readonly unknown[],
  payload: RoutedPayload | undefined,
) => void;

/** All callers of one worker; the requests are the numbers that it gave to its calls. */
export class RemoteCaller implements RealmSession {
  /** What callees are shown of the one that calls now. */
  id = 0;
  identity: SessionIdentity;
  readonly role = TRUSTED;
  readonly features = PEER_FEATURES;
  readonly serializer = "cbor";
  readonly maxSendOctets = Number.POSITIVE_INFINITY;
  readonly leftOut: LeftOutMessages;
  lastInvocation = 0;
  onCallEnded: (() => void) | undefined;
  readonly #answer: AnswerForwarder;

  constructor(identity: SessionIdentity, leftOut: LeftOutMessages, answer: AnswerForwarder) {
    this.identity = identity;
    this.leftOut = leftOut;
    this.#answer = answer;
  }

  transport(): null {
    return null;
  }

  forward(head: readonly unknown[], payload: RoutedPayload | undefined): WireMessage {
    this.#answer(head, payload);
    return FORWARDED;
  }

  send(): void {}

  goodbye(): void {}

  kill(): void {}
}

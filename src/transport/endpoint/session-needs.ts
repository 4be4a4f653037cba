/**
 * What a session needs of its connection to a router, whatever the transport.
 *
 * @module
 */

import type { CancelSignal } from "#base/cancellation.ts";

/** Limits and the end of the need. */
export interface SessionNeeds {
  /** With more octets waiting, `Peer.send` answers false. */
  maxBuffered: number;
  /** What may wait for all clients; absent: no client is sent what the router sends. */
  maxOutgoing?: number;
  /** Milliseconds in which a message of the router must be complete; absent, or 0: unlimited. */
  messageTimeout?: number | undefined;
  /** Aborts when the connection is no longer needed. */
  canceled?: CancelSignal;
}

/**
 * DrainDeadline: how long a proxy may take to forward what its client does not read, and the GOODBYE behind it.
 *
 * The proxy stops reading while its client does not read, so it learns of the GOODBYE late. If the connection
 * were closed before, the proxy would have to tell its client that the router was lost.
 *
 * @module
 */

import type { Peer } from "#wamp/peer.ts";

/** Longer than the `stall_timeout` of proxies, which then end the session themselves. */
const PERIOD_MS = 60_000;

/** Octets that must be taken in each period, unless fewer wait. */
const MIN_OCTETS = 512 * 1024;

/** Calls `onMissed` once a peer takes too little of what waits for it. */
export class DrainDeadline {
  readonly #peer: Pick<Peer, "bufferedOctets">;
  readonly #onMissed: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(peer: Pick<Peer, "bufferedOctets">, onMissed: () => void) {
    this.#peer = peer;
    this.#onMissed = onMissed;
  }

  start(): void {
    const before = this.#peer.bufferedOctets;
    this.#timer = setTimeout(() => {
      if (before - this.#peer.bufferedOctets < MIN_OCTETS) this.#onMissed();
      else this.start();
    }, PERIOD_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

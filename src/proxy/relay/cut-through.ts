/**
 * CutThrough: forwards one long message between equal serializers while it arrives. Only what its sender has sent and
 * its receiver has not taken is in memory, and the sender is not read while much of it waits.
 *
 * Its head was checked before. Its sender cannot take it back: if the rest never comes, the receiver's connection
 * is of no more use.
 *
 * @module
 */

import type { MessageParts, Peer } from "#wamp/peer.ts";
import type { Side } from "./back-pressure.ts";
import type { RelayLink } from "./slow-path.ts";

/** One message, which its receiver has been told the length of. */
export class CutThrough implements MessageParts {
  readonly #to: Peer;
  readonly #side: Side;
  readonly #link: RelayLink;
  /** What the end of the message changes of the number of calls, and such messages, that are waited for. */
  readonly #change: number;
  /** Octets that have not arrived. */
  #missing: number;

  /** `side` is which end of the session `to` is, `octets` the length of the message. */
  constructor(to: Peer, octets: number, side: Side, link: RelayLink, change: number) {
    this.#to = to;
    this.#change = change;
    this.#missing = octets;
    this.#side = side;
    this.#link = link;
  }

  take(octets: Uint8Array): void {
    this.#missing -= octets.length;
    if (this.#link.isStopped) {
      if (this.#missing === 0) this.#link.observer.onLateMessage?.();
      return;
    }
    if (this.#to.sendPart?.(octets) === false) {
      this.#link.backPressure(this.#side).behindAmidMessage(octets.length);
    }
    if (this.#missing === 0) this.#link.changeUnanswered(this.#change);
  }
}

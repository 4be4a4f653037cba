/**
 * UnfinishedMessage: a message that is being sent part by part, and what has to wait until its end has been sent.
 *
 * @module
 */

/** One message of known length. */
export class UnfinishedMessage {
  readonly #octets: number;
  /** Octets that were sent so far. */
  sentOctets = 0;
  #waiting: Uint8Array[] = [];
  /** Octets that wait. */
  waitingOctets = 0;

  /** `octets` is the length of the message. */
  constructor(octets: number) {
    this.#octets = octets;
  }

  /** Notes that so many octets are sent; true: the message is complete. */
  sent(octets: number): boolean {
    this.sentOctets += octets;
    return this.sentOctets >= this.#octets;
  }

  /** Keeps a copy of octets that are to be sent behind the message. */
  wait(octets: Uint8Array): void {
    this.#waiting.push(new Uint8Array(octets));
    this.waitingOctets += octets.length;
  }

  /** What has waited, in order. */
  takeWaiting(): Uint8Array[] {
    this.waitingOctets = 0;
    return this.#waiting.splice(0);
  }
}

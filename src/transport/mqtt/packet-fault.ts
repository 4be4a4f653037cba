/**
 * PacketFault: why a packet of a client ends its connection.
 *
 * @module
 */

/** A packet that is malformed, or that its client may not send. */
export class PacketFault extends Error {
  /** Reason code of MQTT 5. */
  readonly reason: number;

  /** `sentence` is the part of one, in lower case. */
  constructor(sentence: string, reason: number) {
    super(sentence);
    this.reason = reason;
  }
}

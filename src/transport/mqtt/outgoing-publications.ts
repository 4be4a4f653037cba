/**
 * OutgoingPublications: what is published to one client. With QoS 0 it is sent and forgotten; with QoS 1 and 2 it is
 * kept until the client acknowledges it.
 *
 *     QoS 1   PUBLISH ->  <- PUBACK
 *     QoS 2   PUBLISH ->  <- PUBREC  PUBREL ->  <- PUBCOMP
 *
 * No more are sent than the client takes at once; the others wait. What was sent before a connection ended is sent again
 * over the next one (MQTT 5.0, section 4.4), within the limits of that.
 *
 * @module
 */

import { generate, type IPublishPacket, type Packet } from "mqtt-packet";
import type { MqttVersion } from "./read-packet.ts";
import { Reason } from "./reason-codes.ts";

/** One message for the client; its octets are its own with QoS 1 and 2, else they are borrowed. */
export interface OutgoingPublication {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
  readonly properties?: OutgoingProperties | undefined;
}

/** The properties that a message to a client may have. */
export type OutgoingProperties = Pick<
  NonNullable<IPublishPacket["properties"]>,
  "correlationData" | "userProperties" | "subscriptionIdentifier"
>;

/** One that is not acknowledged. */
interface Unacknowledged {
  readonly publication: OutgoingPublication;
  /** Whether PUBREC has come. */
  isReceived: boolean;
}

/** The connection of the client, if it has one. */
export interface PublicationSink {
  readonly version: MqttVersion;
  /** Publications that it takes before it acknowledges any. */
  readonly receiveMaximum: number;
  /** The longest packet that it takes. */
  readonly maxPacketOctets: number;
  readonly isConnected: boolean;
  write(octets: Uint8Array): void;
  answer(packet: Packet): void;
  /** A publication is given up, because its packet is too long. */
  onTooLong(publication: OutgoingPublication): void;
}

/** About what one takes beside its payload, topic and properties. */
const OVERHEAD_OCTETS = 128;

const MAX_ID = 65_535;

/** Shared by all clients for which nothing has waited. */
const NONE: OutgoingPublication[] = [];

/** The publications to one client. */
export class OutgoingPublications {
  readonly #sink: PublicationSink;
  #lastId = 0;
  /** By packet id, in the order in which they were sent; undefined: there has been none. */
  #unacknowledged: Map<number, Unacknowledged> | undefined;
  #waiting = NONE;
  /** Ids of those that the present connection is still to be sent; undefined: there have been none. */
  #toResend: Set<number> | undefined;
  /** Octets that are kept for the client. */
  octets = 0;

  constructor(sink: PublicationSink) {
    this.#sink = sink;
  }

  /** Number of publications that are kept for the client. */
  get length(): number {
    return this.#waiting.length + (this.#unacknowledged?.size ?? 0);
  }

  /** Sends one now, or when the client has acknowledged others. */
  publish(publication: OutgoingPublication): void {
    if (publication.qos === 0) {
      this.#sink.write(publishPacket(publication, 0, false, this.#sink.version));
      return;
    }
    this.octets += octetsOf(publication);
    if (this.#waiting === NONE) this.#waiting = [];
    this.#waiting.push(publication);
    this.#sendWaiting();
  }

  /** The client acknowledges one: with PUBACK or PUBCOMP, or with a PUBREC that refuses it. */
  acknowledged(id: number): void {
    const one = this.#unacknowledged?.get(id);
    if (one === undefined) return;
    this.#forget(id, one.publication);
    this.#sendWaiting();
  }

  /** PUBREC: the client has got one of QoS 2. */
  received(id: number, reason: number): void {
    if (reason >= Reason.unspecified) {
      this.acknowledged(id);
      return;
    }
    const one = this.#unacknowledged?.get(id);
    if (one !== undefined) one.isReceived = true;
    this.#toResend?.delete(id);
    this.#release(id, one !== undefined);
  }

  /** Sends again what a connection before has not acknowledged, and then what waits. */
  resend(): void {
    this.#toResend = new Set();
    for (const [id, { isReceived }] of this.#unacknowledged ?? []) {
      if (isReceived) this.#release(id, true);
      else this.#toResend.add(id);
    }
    this.#sendWaiting();
  }

  /** Everything is given up. */
  drop(): void {
    this.#unacknowledged = undefined;
    this.#toResend = undefined;
    this.#waiting = NONE;
    this.octets = 0;
  }

  #release(messageId: number, isKnown: boolean): void {
    const reasonCode = isKnown ? Reason.success : Reason.unknownPacketId;
    this.#sink.answer({ cmd: "pubrel", messageId, reasonCode });
  }

  #sendWaiting(): void {
    if (!this.#sink.isConnected) return;
    if (this.#toResend !== undefined) this.#sendAgain(this.#toResend);
    if (this.#waiting.length === 0) return;
    this.#unacknowledged ??= new Map();
    let sent = 0;
    for (const publication of this.#waiting) {
      if (this.#isFull) break;
      sent += 1;
      const id = this.#nextId();
      this.#unacknowledged.set(id, { publication, isReceived: false });
      this.#send(id, publication, false);
    }
    this.#waiting.splice(0, sent);
  }

  #sendAgain(ids: Set<number>): void {
    for (const id of ids) {
      if (this.#isFull) return;
      ids.delete(id);
      const one = this.#unacknowledged?.get(id);
      if (one !== undefined) this.#send(id, one.publication, true);
    }
  }

  /** Whether the client has to acknowledge some before it takes more. */
  get #isFull(): boolean {
    const kept = this.#unacknowledged?.size ?? 0;
    return kept - (this.#toResend?.size ?? 0) >= this.#sink.receiveMaximum;
  }

  #send(id: number, publication: OutgoingPublication, dup: boolean): void {
    const packet = publishPacket(publication, id, dup, this.#sink.version);
    if (packet.length <= this.#sink.maxPacketOctets) {
      this.#sink.write(packet);
      return;
    }
    this.#forget(id, publication);
    this.#sink.onTooLong(publication);
  }

  #forget(id: number, publication: OutgoingPublication): void {
    this.#unacknowledged?.delete(id);
    this.#toResend?.delete(id);
    this.octets -= octetsOf(publication);
  }

  /** An id that no other publication has; fewer are unacknowledged than there are ids. */
  #nextId(): number {
    do this.#lastId = (this.#lastId % MAX_ID) + 1;
    while (this.#unacknowledged?.has(this.#lastId));
    return this.#lastId;
  }
}

function octetsOf({ topic, payload, properties }: OutgoingPublication): number {
  return OVERHEAD_OCTETS + topic.length + payload.length + octetsOfProperties(properties);
}

/** The most octets that properties take in a packet, without their length. */
export function octetsOfProperties(properties: OutgoingProperties | undefined): number {
  if (properties === undefined) return 0;
  const { correlationData, userProperties, subscriptionIdentifier } = properties;
  let octets = correlationData === undefined ? 0 : 3 + correlationData.length;
  if (subscriptionIdentifier !== undefined) {
    octets += 5 * (Array.isArray(subscriptionIdentifier) ? subscriptionIdentifier.length : 1);
  }
  for (const [name, value] of Object.entries(userProperties ?? {})) {
    octets += 5 + Buffer.byteLength(name) + Buffer.byteLength(String(value));
  }
  return octets;
}

/** The octets of a PUBLISH; most have no properties. */
export function publishPacket(
  { topic, payload, qos, retain, properties }: OutgoingPublication,
  messageId: number,
  dup: boolean,
  version: MqttVersion,
): Uint8Array {
  if (properties !== undefined && version === 5) {
    const octets = payload instanceof Buffer ? payload : Buffer.from(payload);
    return generate(
      { cmd: "publish", topic, payload: octets, qos, retain, dup, messageId, properties },
      { protocolVersion: 5 },
    );
  }
  const topicOctets = Buffer.byteLength(topic);
  const rest = 2 + topicOctets + (qos > 0 ? 2 : 0) + (version === 5 ? 1 : 0) + payload.length;
  const packet = Buffer.allocUnsafe(5 + rest);
  packet[0] = 0x30 | (dup ? 8 : 0) | (qos << 1) | (retain ? 1 : 0);
  let at = 1;
  for (let left = rest; ; left = Math.floor(left / 128)) {
    packet[at++] = left < 128 ? left : (left % 128) | 0x80;
    if (left < 128) break;
  }
  at = packet.writeUInt16BE(topicOctets, at);
  at += packet.write(topic, at);
  if (qos > 0) at = packet.writeUInt16BE(messageId, at);
  if (version === 5) packet[at++] = 0;
  packet.set(payload, at);
  return packet.subarray(0, at + payload.length);
}

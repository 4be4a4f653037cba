/**
 * IncomingPublications: what a client publishes, with its acknowledgements, and the calls that it makes.
 *
 *     QoS 0                 [PUBLISH, 7, {exclude_me: false}, topic, payload]
 *     QoS 1    PUBACK       once the router has answered [PUBLISHED, 7, ...]
 *     QoS 2    PUBREC       then; a PUBLISH with the same id is the same one until PUBREL
 *     MQTT 5, with a response topic   [CALL, 7, {}, procedure, payload]
 *
 * @module
 */

import type { Packet } from "mqtt-packet";
import { MessageType } from "#wamp/message-type.ts";
import { PacketFault } from "./packet-fault.ts";
import { type MappedPayload, type PayloadMapping, UnmappedPayload } from "./payload-mapping.ts";
import type { MqttVersion, Publish } from "./read-packet.ts";
import { Reason, reasonOfUri } from "./reason-codes.ts";
import { Flag, opaquePublish, type TopicName } from "./topic-names.ts";

/** A publication, or a call, that a router has not answered. */
export interface PublicationRequest {
  readonly kind: "publish" | "call";
  readonly qos: 0 | 1 | 2;
  /** The packet's id; 0 with QoS 0. */
  readonly messageId: number;
  /** Of a call. */
  readonly response: Response | undefined;
}

/** Where the answer to a call goes. */
export interface Response {
  /** The procedure. */
  readonly uri: string;
  readonly topic: string;
  readonly correlationData: Buffer | undefined;
}

/** What publications need of their session. */
export interface PublicationContext {
  readonly version: MqttVersion;
  readonly payloads: PayloadMapping;
  /** Whether the client is to be told nothing of what it publishes itself on some filters. */
  readonly needsOwnIds: boolean;
  /** Sends a request with this head behind its id, and gives the id; nothing is pending for one without an answer. */
  request(type: number, rest: readonly unknown[], pending: PublicationRequest | undefined): void;
  /** The id for a request that is sent as octets. */
  requestId(pending: PublicationRequest | undefined): number;
  /** Sends it; its octets are borrowed. */
  sendRequest(octets: Uint8Array): void;
  answer(packet: Packet): void;
  /** No packet is read until `isAnswered`. */
  wait(): void;
  isAnswered(): void;
  /** A packet that came before cannot be answered otherwise. */
  fail(thrown: unknown): void;
}

/** Aliases that a client of MQTT 5 may give to topics. */
export const MAX_TOPIC_ALIASES = 32;

/** Publications of QoS 2 whose end a client may owe; few clients come near. */
const MAX_UNRELEASED = 16_384;

/** Publications that are not acknowledged, of which a client of MQTT 5 knows the limit. */
const TOO_MANY = "too many publications are not released";

/** The publications of one client. */
export class IncomingPublications {
  readonly #context: PublicationContext;
  /** Topics by their alias; undefined: the client has given none. */
  #aliases: Map<number, TopicName> | undefined;
  /** Ids of QoS 2 that are not released, and whether PUBREC was sent. */
  #unreleased: Map<number, boolean> | undefined;

  constructor(context: PublicationContext) {
    this.#context = context;
  }

  /** A new connection has no aliases. */
  connected(): void {
    this.#aliases = undefined;
  }

  /** Publishes, or calls. */
  publish(packet: Publish): void {
    const { qos, messageId, payload } = packet;
    const topic = packet.properties === undefined ? packet.topic : this.#topicOf(packet);
    if (qos === 2 && !this.#isNew(messageId)) return;
    const { uri } = topic;
    if (uri === undefined) {
      this.#refuse(packet, Reason.badTopic, "a topic has no URI");
      return;
    }
    const isCall = packet.properties?.responseTopic !== undefined;
    if (!isCall && this.#context.payloads.passes(uri, payload)) {
      this.#sendOpaque(topic, packet);
      return;
    }
    const mapped = this.#mapped(uri, topic.text, packet);
    if (mapped === undefined) return;
    if (!(mapped instanceof Promise)) {
      this.#send(uri, packet, mapped);
      return;
    }
    // Publications stay in their order.
    this.#context.wait();
    const own = { ...packet, payload: new Uint8Array(0), properties: ownProperties(packet) };
    mapped
      .then((payload) => this.#send(uri, own, payload))
      .catch((thrown: unknown) => this.#unmapped(own, thrown))
      .catch((thrown: unknown) => this.#context.fail(thrown))
      .finally(() => this.#context.isAnswered());
  }

  /** PUBREL: the client will not send this publication again. */
  release(messageId: number): void {
    const isKnown = this.#unreleased?.delete(messageId) === true;
    const reasonCode = isKnown ? Reason.success : Reason.unknownPacketId;
    this.#context.answer({ cmd: "pubcomp", messageId, reasonCode });
  }

  /** The router has published, or answered a call. */
  published({ qos, messageId }: PublicationRequest): void {
    this.#acknowledge(qos, messageId, Reason.success);
  }

  /** The router has refused a publication. */
  refused({ qos, messageId }: PublicationRequest, uri: unknown): void {
    this.#refuse({ qos, messageId }, reasonOfUri(uri), `the router answers ${uri}`);
  }

  /** The topic, which an alias may stand for. */
  #topicOf({ topic, properties }: Publish): TopicName {
    const alias = properties?.topicAlias;
    if (alias === undefined) return topic;
    if (alias === 0 || alias > MAX_TOPIC_ALIASES) {
      throw new PacketFault("a topic alias is out of range", Reason.badTopicAlias);
    }
    if (topic.text !== "") {
      this.#aliases ??= new Map();
      this.#aliases.set(alias, topic);
      return topic;
    }
    const known = this.#aliases?.get(alias);
    if (known === undefined) {
      throw new PacketFault("a topic alias stands for nothing", Reason.badTopicAlias);
    }
    return known;
  }

  /** Whether a publication of QoS 2 has not been seen; another one is acknowledged again, if it has been. */
  #isNew(messageId: number): boolean {
    this.#unreleased ??= new Map();
    const isReceived = this.#unreleased.get(messageId);
    if (isReceived === true) this.#answerReceived(messageId, Reason.success);
    if (isReceived !== undefined) return false;
    if (this.#unreleased.size >= MAX_UNRELEASED) {
      throw new PacketFault(TOO_MANY, Reason.tooManyUnacknowledged);
    }
    this.#unreleased.set(messageId, false);
    return true;
  }

  #mapped(
    uri: string,
    topic: string,
    packet: Publish,
  ): MappedPayload | Promise<MappedPayload> | undefined {
    try {
      return this.#context.payloads.toWamp(uri, topic, packet.payload);
    } catch (thrown) {
      this.#unmapped(packet, thrown);
      return undefined;
    }
  }

  #unmapped(packet: Pick<Publish, "qos" | "messageId">, thrown: unknown): void {
    if (!(thrown instanceof UnmappedPayload)) throw thrown;
    this.#refuse(packet, Reason.badPayload, thrown.message);
  }

  /** Most publications: no values are made of them. */
  #sendOpaque(topic: TopicName, { qos, messageId, retain, payload }: Publish): void {
    const isAcknowledged = qos > 0 || this.#context.needsOwnIds;
    const pending = { kind: "publish" as const, qos, messageId, response: undefined };
    const id = this.#context.requestId(isAcknowledged ? pending : undefined);
    const flags = (isAcknowledged ? Flag.acknowledge : 0) | (retain ? Flag.retain : 0);
    this.#context.sendRequest(opaquePublish(id, topic, flags, payload));
  }

  #send(uri: string, packet: Publish, { options, values }: MappedPayload): void {
    const { qos, messageId, retain, properties } = packet;
    const { responseTopic, correlationData } = properties ?? {};
    if (responseTopic !== undefined) {
      const data = correlationData === undefined ? undefined : Buffer.from(correlationData);
      const response = { uri, topic: responseTopic, correlationData: data };
      const pending = { kind: "call" as const, qos, messageId, response };
      this.#context.request(MessageType.CALL, [options, uri, ...values], pending);
      return;
    }
    const { needsOwnIds } = this.#context;
    const isAcknowledged = qos > 0 || needsOwnIds;
    const publish = {
      ...options,
      exclude_me: false,
      ...(isAcknowledged && { acknowledge: true }),
      ...(retain && { retain: true }),
    };
    const pending = { kind: "publish" as const, qos, messageId, response: undefined };
    this.#context.request(
      MessageType.PUBLISH,
      [publish, uri, ...values],
      isAcknowledged ? pending : undefined,
    );
  }

  /** Only MQTT 5 can say that a publication is refused, and only with QoS 1 and 2. */
  #refuse(
    { qos, messageId }: Pick<Publish, "qos" | "messageId">,
    reason: number,
    sentence: string,
  ): void {
    // A client that sends it again, on another connection too, has it tried again.
    if (qos === 2) this.#unreleased?.delete(messageId);
    if (qos === 0 || this.#context.version === 4) {
      throw new PacketFault(`Cannot publish: ${sentence}`, reason);
    }
    this.#acknowledge(qos, messageId, reason);
  }

  #acknowledge(qos: 0 | 1 | 2, messageId: number, reasonCode: number): void {
    if (qos === 1) this.#context.answer({ cmd: "puback", messageId, reasonCode });
    if (qos !== 2) return;
    // A client that has come again may have released it meanwhile.
    if (this.#unreleased?.has(messageId)) this.#unreleased.set(messageId, true);
    this.#answerReceived(messageId, reasonCode);
  }

  #answerReceived(messageId: number, reasonCode: number): void {
    this.#context.answer({ cmd: "pubrec", messageId, reasonCode });
  }
}

/** Octets that outlast the read that they came with. */
function ownProperties({ properties }: Publish): Publish["properties"] {
  const { correlationData } = properties ?? {};
  if (correlationData === undefined) return properties;
  return { ...properties, correlationData: Buffer.from(correlationData) };
}

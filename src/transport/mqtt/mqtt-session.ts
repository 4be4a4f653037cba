/**
 * MqttSession: the Peer of an MQTT client. It makes WAMP messages of the packets of the client, and packets of the
 * messages that the worker's session sends; mqtt-states.ts has what happens when.
 *
 * A session may outlast its connection, and be taken over by the next one.
 *
 * @module
 */

import type { IConnectPacket, Packet } from "mqtt-packet";
import { sentenceOf } from "#base/failure.ts";
import type { MqttServiceConfig } from "#config/mqtt/mqtt-config.ts";
import type { Logger } from "#observe/logger.ts";
import { PauseReason } from "#transport/endpoint/paced-input.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import {
  CloseCode,
  type ConnectionDetails,
  MAX_JOIN_OCTETS,
  type Peer,
  type PeerHandler,
  type TransportDetails,
  type WireMessage,
} from "#wamp/peer.ts";
import { peekMessageType } from "#wamp/serializer/message-head.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { type MessageSlices, sliceMessage } from "#wamp/transcode/payload-slice.ts";
import { type Connect, expiryMsOf, helloOf, readConnect, ticketOf, type Will } from "./connect.ts";
import {
  IncomingPublications,
  MAX_TOPIC_ALIASES,
  type PublicationContext,
  type PublicationRequest,
  type Response,
} from "./incoming-publications.ts";
import type { MqttClient, PacketReceiver } from "./mqtt-client.ts";
import { type MqttAction, type MqttEvent, type MqttState, mqttAction } from "./mqtt-states.ts";
import {
  type OutgoingPublication,
  OutgoingPublications,
  octetsOfProperties,
  type PublicationSink,
} from "./outgoing-publications.ts";
import { PacketFault } from "./packet-fault.ts";
import { type PayloadMapping, UnmappedPayload, type WampPayload } from "./payload-mapping.ts";
import type { ClientPacket } from "./read-packet.ts";
import { Reason, reasonOfClose, reasonOfUri, returnCodeOf } from "./reason-codes.ts";
import { clientKey, type MqttSessions, type StoredSession } from "./session-store.ts";
import {
  type Receiver,
  type SubscriptionContext,
  type SubscriptionRequest,
  Subscriptions,
} from "./subscriptions.ts";
import { uriOfTopic } from "./topic-map.ts";

/** What the sessions of a transport share. */
export interface MqttSessionContext {
  config: MqttServiceConfig;
  payloads: PayloadMapping;
  sessions: MqttSessions<MqttSession>;
  log: Logger;
}

/** A request that a router has not answered. */
type Pending = PublicationRequest | SubscriptionRequest | { readonly kind: "will" };

/** Publications of its own that a client may be sent, of which the ids are remembered. */
const MAX_OWN_IDS = 1_000;

/** The most that a PUBLISH has beside its topic, payload and properties. */
const HEAD_OCTETS = 16;

/** Why a client misses a message. */
const TOO_LONG = "the client takes no packets that are so long";

/** Time to publish a will. */
const WILL_MS = 5_000;

const PINGRESP = Uint8Array.of(0xd0, 0x00);

/** DISCONNECT with which a client wants its will to be published. */
const WITH_WILL = 0x04;

/** The client at the other side, or away. */
export class MqttSession
  implements
    Peer,
    PacketReceiver,
    StoredSession,
    SubscriptionContext,
    PublicationContext,
    PublicationSink
{
  details: TransportDetails;
  readonly #context: MqttSessionContext;
  readonly #subscriptions = new Subscriptions(this);
  readonly #incoming = new IncomingPublications(this);
  readonly #outgoing = new OutgoingPublications(this);
  #handler: PeerHandler | null = null;
  #client: MqttClient | null = null;
  #state: MqttState = "waiting";
  /** What the present connection, or the last one, has announced. */
  #connect: Connect | undefined;
  /** Until it is sent. */
  #ticket: string | undefined;
  /** Of the client id; empty: it has not joined. */
  #key = "";
  #lastRequest = 0;
  /** Undefined: nothing was asked for yet. */
  #pending: Map<number, Pending> | undefined;
  /** Publications and calls that the router has not answered. */
  #unanswered = 0;
  /** Undefined: nothing was published that the client must not get itself. */
  #ownIds: Set<number> | undefined;
  #isPaused = false;
  #needsDrain = false;
  /** Octets of events whose payloads are being made. */
  #encodingOctets = 0;
  /** Number of these events. */
  #encodings = 0;
  #encoding: Promise<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #willTimer: ReturnType<typeof setTimeout> | undefined;
  /** Why the session ends, if the router has said it; a reason code. */
  #endReason: number | undefined;
  #isTold = false;

  constructor(details: ConnectionDetails, context: MqttSessionContext) {
    this.details = { ...details, type: "mqtt", serializer: "cbor" };
    this.#context = context;
  }

  /** The connection that the session begins with; to be called once. */
  begin(client: MqttClient): void {
    this.#client = client;
    client.limitPackets(MAX_JOIN_OCTETS);
  }

  /** Sets the handler; to be called once, before the first packet. */
  attach(handler: PeerHandler): void {
    this.#handler = handler;
  }

  // The peer.

  get serializer(): SerializerName {
    return "cbor";
  }

  /** A packet that is too long for its client is left out. */
  get maxSendOctets(): number {
    return Number.POSITIVE_INFINITY;
  }

  get bufferedOctets(): number {
    const kept = this.#outgoing.octets + this.#encodingOctets;
    return kept + (this.#client?.bufferedOctets ?? 0);
  }

  get isClosing(): boolean {
    return this.#state === "closed";
  }

  send(message: WireMessage): boolean {
    try {
      this.#onMessage(message);
    } catch (thrown) {
      this.fail(thrown);
    }
    if (this.#client === null) return true;
    if (this.bufferedOctets <= this.#context.config.options.max_buffered) return true;
    this.#needsDrain = true;
    return false;
  }

  cork(body: () => void): void {
    try {
      body();
    } finally {
      this.#client?.flush();
    }
  }

  pause(): void {
    this.#isPaused = true;
    this.#client?.pause(PauseReason.session);
  }

  resume(): void {
    this.#isPaused = false;
    this.#client?.resume(PauseReason.session);
  }

  close(code: number, reason: string): void {
    if (this.#actionAt("session closes") !== "close") return;
    const client = this.#client;
    this.#end();
    if (client === null) queueMicrotask(() => this.#closed(reason));
    else client.close(this.#endReason ?? reasonOfClose(code), reason);
  }

  // The packets of the client.

  onPacket(packet: ClientPacket, client: MqttClient): void {
    switch (this.#actionAt(eventOf(packet))) {
      case "join":
        this.#join(packet as IConnectPacket, client);
        return;
      case "take":
        this.#take(packet, client);
        return;
      case "leave":
        this.#leave(packet as Extract<Packet, { cmd: "disconnect" }>, client);
        return;
      case "refuse":
        throw new PacketFault(`${packet.cmd} comes out of turn`, Reason.protocolError);
    }
  }

  #take(packet: ClientPacket, client: MqttClient): void {
    switch (packet.cmd) {
      case "publish":
        this.#incoming.publish(packet);
        return;
      case "puback":
      case "pubcomp":
        this.#outgoing.acknowledged(packet.messageId ?? 0);
        this.onClientDrained();
        return;
      case "pubrec":
        this.#outgoing.received(packet.messageId ?? 0, packet.reasonCode ?? 0);
        this.onClientDrained();
        return;
      case "pubrel":
        this.#incoming.release(packet.messageId ?? 0);
        return;
      case "subscribe":
        this.wait();
        this.#subscriptions.subscribe(packet);
        return;
      case "unsubscribe":
        this.wait();
        this.#subscriptions.unsubscribe(packet);
        return;
      case "pingreq":
        client.write(PINGRESP);
        return;
      default:
        throw new PacketFault("nothing is to be authenticated", Reason.protocolError);
    }
  }

  #join(packet: IConnectPacket, client: MqttClient): void {
    client.version = packet.protocolVersion === 5 ? 5 : 4;
    const { config } = this.#context;
    try {
      this.#connect = readConnect(packet, config.options);
      this.#ticket = ticketOf(packet);
    } catch (thrown) {
      if (thrown instanceof PacketFault) this.#refuse(thrown.reason);
      throw thrown;
    }
    this.#state = "joining";
    this.wait();
    const hello = helloOf(packet, this.#connect, config.realm, client.details);
    this.#handler?.onMessage(encodeMessage(hello, "cbor"));
  }

  /** DISCONNECT: the client leaves, and its will has no effect, unless it wants that. */
  #leave(
    { reasonCode, properties }: Extract<Packet, { cmd: "disconnect" }>,
    client: MqttClient,
  ): void {
    const connect = this.#connect as Connect;
    if (reasonCode !== WITH_WILL) connect.will = undefined;
    const { sessionExpiryInterval } = properties ?? {};
    if (sessionExpiryInterval !== undefined) {
      if (connect.expiryMs === 0 && sessionExpiryInterval > 0) {
        throw new PacketFault("a session that was not kept cannot be kept", Reason.protocolError);
      }
      connect.expiryMs = expiryMsOf(sessionExpiryInterval, this.#context.config.options);
    }
    if (connect.will === undefined && connect.expiryMs === 0) {
      this.#sayGoodbye();
      this.#end();
    }
    client.isLetIn = false;
    client.close(Reason.success, "the client left");
  }

  #sayGoodbye(): void {
    this.#deliver([MessageType.GOODBYE, {}, ErrorUri.closeRealm]);
  }

  onClientFault({ message, reason }: PacketFault): void {
    const { peer } = this.details;
    this.#context.log.warn("mqtt client refused", { peer, reason: message });
    if (this.#state === "waiting" && reason === Reason.unsupportedVersion) this.#refuse(reason);
  }

  onClientDrained(): void {
    const { max_buffered } = this.#context.config.options;
    if (this.#needsDrain && this.bufferedOctets <= max_buffered / 4) this.#drained();
  }

  /** The session may be sent more: its client has taken what waited, or another connection counts. */
  #drained(): void {
    if (!this.#needsDrain) return;
    this.#needsDrain = false;
    this.#handler?.onDrain();
  }

  onClientLost(client: MqttClient, reason: string): void {
    // Another connection may have taken its place.
    if (this.#client !== client) return;
    this.#client = null;
    switch (this.#actionAt("connection lost")) {
      case "forget":
        this.#end();
        this.#closed(reason);
        return;
      case "part":
        this.#part(reason);
        return;
      default:
        this.#closed(reason);
    }
  }

  // The messages of the router.

  #onMessage(message: WireMessage): void {
    const type = peekMessageType(message, "cbor");
    switch (this.#actionAt(eventOfType(type))) {
      case "take":
        this.#onRouted(type, sliceMessage(message, "cbor"));
        return;
      case "welcome": {
        const [, , details] = decodeMessage(message, "cbor");
        queueMicrotask(() => this.#onWelcome(details as Record<string, unknown>));
        return;
      }
      case "prove":
        this.#onChallenge(decodeMessage(message, "cbor")[1]);
        return;
      case "deny":
        this.#refuse(reasonOfUri(decodeMessage(message, "cbor")[2]));
        return;
      case "end":
        this.#endReason ??= reasonOfUri(decodeMessage(message, "cbor")[2]);
        queueMicrotask(() => this.#answerGoodbye());
    }
  }

  /** The password answers a CHALLENGE for a ticket; nothing an MQTT client has answers another. */
  #onChallenge(method: unknown): void {
    const ticket = this.#ticket;
    this.#ticket = undefined;
    queueMicrotask(() => {
      if (method === "ticket" && ticket !== undefined) {
        this.#deliver([MessageType.AUTHENTICATE, ticket, {}]);
      } else {
        this.#refuse(Reason.badAuthMethod);
        this.#deliver([MessageType.ABORT, {}, ErrorUri.noAuthMethod]);
      }
    });
  }

  #answerGoodbye(): void {
    if (this.#state === "closed") return;
    this.#deliver([MessageType.GOODBYE, {}, ErrorUri.goodbyeAndOut]);
  }

  #onWelcome(details: Record<string, unknown>): void {
    const client = this.#client;
    const connect = this.#connect;
    if (this.#state !== "joining" || client === null || connect === undefined) return;
    const { sessions, config } = this.#context;
    const { realm = config.realm, authid, authrole, authmethod } = details;
    const identity = { realm, authid, authrole, authmethod };
    const key = clientKey(connect.clientId, identity, config.auth);
    const before = sessions.find(key);
    this.#ticket = undefined;
    if (before?.mayResume(connect)) {
      this.#state = "closed";
      this.#client = null;
      this.#sayGoodbye();
      before.#takeOver(client, connect);
      this.#closed("another session of the client goes on");
      return;
    }
    this.#state = "joined";
    this.#key = key;
    sessions.put(key, this);
    this.#connected(client, connect, false);
  }

  /** Whether the session goes on for a connection that has announced this. */
  mayResume({ isClean, version }: Connect): boolean {
    const isKept = this.#state === "joined" || this.#state === "away";
    const before = this.#connect;
    return !isClean && isKept && before?.version === version && before.expiryMs > 0;
  }

  #takeOver(client: MqttClient, connect: Connect): void {
    const before = this.#client;
    this.#client = null;
    if (this.#state === "away") this.#context.sessions.unkeep();
    else if (this.#connect?.will?.delayMs === 0) this.#publishWill();
    before?.close(Reason.takenOver, "another connection has its client id");
    clearTimeout(this.#timer);
    clearTimeout(this.#willTimer);
    this.#state = "joined";
    this.#connect = connect;
    this.#client = client;
    this.details = { ...client.details, type: "mqtt", serializer: "cbor" };
    client.use(this);
    this.#incoming.connected();
    this.#connected(client, connect, true);
    if (this.#isPaused) client.pause(PauseReason.session);
    if (this.#isFull) client.pause(PauseReason.acknowledgements);
    this.#outgoing.resend();
    this.#drained();
  }

  #connected(client: MqttClient, connect: Connect, sessionPresent: boolean): void {
    const { options } = this.#context.config;
    client.limitPackets(Number.POSITIVE_INFINITY);
    client.keepAlive(connect.keepAlive);
    client.isLetIn = true;
    client.send({
      cmd: "connack",
      sessionPresent,
      returnCode: 0,
      reasonCode: Reason.success,
      properties: {
        sessionExpiryInterval: Math.floor(connect.expiryMs / 1000),
        receiveMaximum: options.max_inflight,
        maximumPacketSize: options.max_message_size,
        topicAliasMaximum: MAX_TOPIC_ALIASES,
        sharedSubscriptionAvailable: false,
        ...(connect.isAssigned && { assignedClientIdentifier: connect.clientId }),
      },
    });
    client.resume(PauseReason.answers);
  }

  #onRouted(type: number, message: MessageSlices): void {
    if (type === MessageType.EVENT) {
      this.#onEvent(message);
      return;
    }
    const id = Number(message.value(type === MessageType.ERROR ? 2 : 1));
    if (type === MessageType.UNSUBSCRIBED && id === 0) {
      const details = message.value(2) as { subscription?: unknown } | undefined;
      this.#subscriptions.revoked(Number(details?.subscription));
      return;
    }
    const pending = this.#pending?.get(id);
    if (pending === undefined) return;
    this.#pending?.delete(id);
    if (pending.kind === "will") this.#willPublished(type);
    else if ("exchange" in pending) this.#onSubscriptionAnswer(pending, type, message);
    else this.#onAnswer(pending, type, message);
  }

  #onSubscriptionAnswer(pending: SubscriptionRequest, type: number, message: MessageSlices): void {
    if (type === MessageType.ERROR) this.#subscriptions.refused(pending, message.value(4));
    else if (type === MessageType.SUBSCRIBED) {
      this.#subscriptions.subscribed(pending, Number(message.value(2)));
    } else this.#subscriptions.unsubscribed(pending);
  }

  #onAnswer(pending: PublicationRequest, type: number, message: MessageSlices): void {
    this.#unanswered -= 1;
    if (!this.#isFull) this.#client?.resume(PauseReason.acknowledgements);
    if (pending.response !== undefined) {
      this.#respond(pending, pending.response, type, message);
      this.#incoming.published(pending);
    } else if (type === MessageType.ERROR) {
      this.#incoming.refused(pending, message.value(4));
    } else {
      if (this.needsOwnIds) this.#rememberOwn(Number(message.value(2)));
      this.#incoming.published(pending);
    }
  }

  /** Publications and calls wait for so many answers that no more packets are read. */
  get #isFull(): boolean {
    return this.#unanswered >= this.#context.config.options.max_inflight;
  }

  #rememberOwn(publication: number): void {
    this.#ownIds ??= new Set();
    this.#ownIds.add(publication);
    if (this.#ownIds.size <= MAX_OWN_IDS) return;
    for (const oldest of this.#ownIds) {
      this.#ownIds.delete(oldest);
      return;
    }
  }

  /** Publishes the answer to a call, to the caller alone. */
  #respond(
    { qos }: PublicationRequest,
    { uri, topic, correlationData }: Response,
    type: number,
    message: MessageSlices,
  ): void {
    const isError = type === MessageType.ERROR;
    const details = message.value(isError ? 3 : 2) as Record<string, unknown>;
    const payload = { details, items: itemsFrom(message, isError ? 5 : 3) };
    const userProperties = isError ? { "wamp.error": String(message.value(4)) } : undefined;
    const properties = {
      ...(correlationData && { correlationData }),
      ...(userProperties && { userProperties }),
    };
    this.#publish({ topic, qos, identifiers: [] }, uri, payload, { retain: false, properties });
  }

  #onEvent(message: MessageSlices): void {
    const id = Number(message.value(1));
    const details = message.value(3) as Record<string, unknown>;
    const uri = this.#subscriptions.uriOf(id, details["topic"]);
    if (uri === undefined) return;
    const isOwn = this.#ownIds?.has(Number(message.value(2))) === true;
    const receiver = this.#subscriptions.receiverOf(id, uri, isOwn);
    if (receiver === null || (receiver?.qos === 0 && !this.isConnected)) return;
    if (receiver === undefined) {
      this.#leaveOut(uri, "its URI is no topic");
      return;
    }
    const retain = details["retained"] === true;
    const { identifiers } = receiver;
    const [subscriptionIdentifier] = identifiers;
    const properties =
      subscriptionIdentifier === undefined
        ? undefined
        : {
            subscriptionIdentifier: identifiers.length === 1 ? subscriptionIdentifier : identifiers,
          };
    this.#publish(receiver, uri, { details, items: itemsFrom(message, 4) }, { retain, properties });
  }

  /** Publishes to the client, behind what came before and whose payload is being made. */
  #publish(
    receiver: Receiver,
    uri: string,
    payload: WampPayload,
    rest: Pick<OutgoingPublication, "retain" | "properties">,
  ): void {
    if (this.#encoding !== undefined) {
      this.#publishLater(receiver, uri, ownPayload(payload), rest);
      return;
    }
    try {
      const octets = this.#context.payloads.toMqtt(uri, receiver.topic, payload);
      if (octets instanceof Promise) this.#publishLater(receiver, uri, octets, rest);
      else this.#sendPublication(receiver, uri, octets, rest);
    } catch (thrown) {
      this.#unmapped(uri, thrown);
    }
  }

  #publishLater(
    receiver: Receiver,
    uri: string,
    payload: WampPayload | Promise<Uint8Array>,
    rest: Pick<OutgoingPublication, "retain" | "properties">,
  ): void {
    const size = payload instanceof Promise ? 1_024 : octetsOf(payload);
    this.#encodingOctets += size;
    this.#encodings += 1;
    // A rejection is handled in its turn.
    if (payload instanceof Promise) payload.catch(() => {});
    const encoding = (this.#encoding ?? Promise.resolve())
      .then(() => this.#encoded(receiver, uri, payload, size))
      .then((octets) => octets && this.#sendPublication(receiver, uri, octets, rest))
      .catch((thrown: unknown) => this.#unmapped(uri, thrown))
      .catch((thrown: unknown) => this.fail(thrown))
      .finally(() => {
        if (this.#encoding === encoding) this.#encoding = undefined;
        this.onClientDrained();
      });
    this.#encoding = encoding;
    if (this.#state === "away") this.#checkQueue();
  }

  /** A payload whose turn has come; undefined: the session is over. */
  async #encoded(
    { topic }: Receiver,
    uri: string,
    payload: WampPayload | Promise<Uint8Array>,
    size: number,
  ): Promise<Uint8Array | undefined> {
    try {
      if (this.#state === "closed") return undefined;
      return await (payload instanceof Promise
        ? payload
        : this.#context.payloads.toMqtt(uri, topic, payload));
    } finally {
      this.#encodingOctets -= size;
      this.#encodings -= 1;
    }
  }

  #sendPublication(
    { topic, qos }: Receiver,
    uri: string,
    payload: Uint8Array,
    { retain, properties }: Pick<OutgoingPublication, "retain" | "properties">,
  ): void {
    if (this.#state === "closed" || (qos === 0 && !this.isConnected)) return;
    // The client has removed a retained message with a payload of no octets.
    if (retain && payload.length === 0) return;
    const octets =
      HEAD_OCTETS + Buffer.byteLength(topic) + payload.length + octetsOfProperties(properties);
    if (octets > this.maxPacketOctets) {
      this.#leaveOut(uri, TOO_LONG);
      return;
    }
    const own = qos === 0 ? payload : new Uint8Array(payload);
    this.#outgoing.publish({ topic, payload: own, qos, retain, properties });
    if (this.#state === "away") this.#checkQueue();
  }

  #unmapped(uri: string, thrown: unknown): void {
    if (!(thrown instanceof UnmappedPayload)) throw thrown;
    this.#leaveOut(uri, thrown.message);
  }

  #leaveOut(uri: string, reason: string): void {
    const { peer } = this.details;
    this.#context.log.warn("mqtt client misses a message", { peer, uri, reason });
  }

  // The end, and what outlasts the connection.

  get isAway(): boolean {
    return this.#state === "away";
  }

  onReplaced(): void {
    this.#endReason = Reason.takenOver;
    this.#endBehindWill(CloseCode.goingAway, "another connection has its client id");
  }

  /** Ends the session, if it has a will once that is published. */
  #endBehindWill(code: number, reason: string): void {
    if (this.#connect?.will === undefined) {
      this.#sayGoodbye();
      this.close(code, reason);
      return;
    }
    const client = this.#client;
    this.#client = null;
    client?.close(this.#endReason ?? reasonOfClose(code), reason);
    this.#partBehindWill();
  }

  /** The session has no connection any more, and is over once its will is published. */
  #partBehindWill(): void {
    if (this.#state === "away") this.#context.sessions.unkeep();
    clearTimeout(this.#timer);
    clearTimeout(this.#willTimer);
    this.#context.sessions.remove(this.#key, this);
    this.#state = "parting";
    this.#timer = setTimeout(() => this.#onTooLong(), WILL_MS);
    this.#publishWill();
  }

  /** The connection of a joined client has ended. */
  #part(reason: string): void {
    const { expiryMs = 0, will } = this.#connect ?? {};
    const { options } = this.#context.config;
    if (expiryMs > 0 && this.#context.sessions.keep(options.max_kept_sessions)) {
      this.#state = "away";
      this.#timer = setTimeout(() => this.#onTooLong(), expiryMs);
      this.#drained();
      if (will === undefined) return;
      this.#willTimer = setTimeout(() => this.#publishWill(), Math.min(will.delayMs, expiryMs));
      return;
    }
    if (will === undefined) {
      this.#end();
      this.#closed(reason);
      return;
    }
    this.#partBehindWill();
  }

  /** A client that is away would miss something: it is told by the end of its session. */
  #checkQueue(): void {
    const { max_queued_messages, max_queued_octets } = this.#context.config.options;
    const messages = this.#outgoing.length + this.#encodings;
    const octets = this.#outgoing.octets + this.#encodingOctets;
    if (messages <= max_queued_messages && octets <= max_queued_octets) return;
    const sentence = "too much waits for a client that is away";
    const { peer } = this.details;
    this.#context.log.warn("mqtt session given up", { peer, messages, octets });
    queueMicrotask(() => {
      if (this.#state !== "away") return;
      this.#publishWill();
      const code = CloseCode.policyViolation;
      this.#handler?.onGivenUp?.({ code, uri: ErrorUri.clientStalled, sentence });
      this.close(code, sentence);
    });
  }

  #onTooLong(): void {
    if (this.#actionAt("time is over") !== "forget") return;
    this.#endBehindWill(CloseCode.normal, "the client is away for too long");
  }

  #publishWill(): void {
    const will = this.#connect?.will;
    if (will === undefined || this.#connect === undefined) return;
    this.#connect.will = undefined;
    this.#announceWill(will).catch((thrown: unknown) => {
      const reason = sentenceOf(thrown);
      this.#context.log.warn("will not published", { peer: this.details.peer, reason });
      this.#willPublished(MessageType.ERROR);
    });
  }

  async #announceWill({ uri, topic, payload, retain }: Will): Promise<void> {
    const mapped = this.#context.payloads.toWamp(uri, topic, payload);
    const { options, values } = mapped instanceof Promise ? await mapped : mapped;
    const publish = { ...options, acknowledge: true, ...(retain && { retain: true }) };
    this.request(MessageType.PUBLISH, [publish, uri, ...values], { kind: "will" });
  }

  #willPublished(type: number): void {
    if (type === MessageType.ERROR) {
      this.#context.log.warn("will refused", { peer: this.details.peer });
    }
    if (this.#state !== "parting") return;
    this.#end();
    queueMicrotask(() => this.#closed("connection closed"));
  }

  /** The session is over, but for `onClose`. */
  #end(): void {
    if (this.#state === "away") this.#context.sessions.unkeep();
    this.#state = "closed";
    clearTimeout(this.#timer);
    clearTimeout(this.#willTimer);
    this.#outgoing.drop();
    this.#pending = undefined;
    if (this.#key !== "") this.#context.sessions.remove(this.#key, this);
  }

  #closed(reason: string): void {
    const handler = this.#handler;
    this.#handler = null;
    handler?.onClose(reason);
  }

  // What its parts need.

  get version() {
    return this.#connect?.version ?? 4;
  }

  get payloads(): PayloadMapping {
    return this.#context.payloads;
  }

  get receiveMaximum(): number {
    return this.#connect?.receiveMaximum ?? 1;
  }

  get maxPacketOctets(): number {
    return this.#connect?.maxPacketOctets ?? 0;
  }

  onTooLong({ topic }: OutgoingPublication): void {
    this.#leaveOut(uriOfTopic(topic) ?? topic, TOO_LONG);
  }

  get isConnected(): boolean {
    return this.#client?.isOpen === true;
  }

  get needsOwnIds(): boolean {
    return this.#subscriptions.hasNoLocal;
  }

  write(octets: Uint8Array): void {
    this.#client?.write(octets);
  }

  request(type: number, rest: readonly unknown[], pending: Pending | undefined): void {
    this.#deliver([type, this.requestId(pending), ...rest]);
  }

  requestId(pending: Pending | undefined): number {
    this.#lastRequest += 1;
    if (pending === undefined) return this.#lastRequest;
    this.#pending ??= new Map();
    this.#pending.set(this.#lastRequest, pending);
    if (pending.kind === "publish" || pending.kind === "call") this.#unanswered += 1;
    if (this.#isFull) this.#client?.pause(PauseReason.acknowledgements);
    return this.#lastRequest;
  }

  sendRequest(octets: Uint8Array): void {
    this.#handler?.onMessage(octets);
  }

  /** Answers a packet. */
  answer(packet: Packet): void {
    if (packet.cmd === "suback" || packet.cmd === "unsuback") this.isAnswered();
    this.#client?.send(packet);
  }

  wait(): void {
    this.#client?.pause(PauseReason.answers);
  }

  isAnswered(): void {
    this.#client?.resume(PauseReason.answers);
  }

  /** Ends the connection of a client for what it has sent, or the session for a fault of the program. */
  fail(thrown: unknown): void {
    if (thrown instanceof PacketFault) {
      this.onClientFault(thrown);
      this.#client?.close(thrown.reason, thrown.message);
      return;
    }
    this.#context.log.error("session failed", { reason: sentenceOf(thrown) });
    this.close(CloseCode.internalError, "internal error");
  }

  #deliver(message: readonly unknown[]): void {
    this.#handler?.onMessage(encodeMessage(message, "cbor"));
  }

  /** CONNACK with the reason why the client is refused. */
  #refuse(reasonCode: number): void {
    if (this.#isTold) return;
    this.#isTold = true;
    const returnCode = returnCodeOf(reasonCode);
    this.#client?.send({ cmd: "connack", sessionPresent: false, returnCode, reasonCode });
  }

  #actionAt(event: MqttEvent): MqttAction {
    return mqttAction(this.#state, event);
  }
}

function eventOf({ cmd }: ClientPacket): MqttEvent {
  if (cmd === "connect") return "CONNECT";
  return cmd === "disconnect" ? "DISCONNECT" : "packet";
}

function eventOfType(type: number): MqttEvent {
  switch (type) {
    case MessageType.WELCOME:
      return "WELCOME";
    case MessageType.CHALLENGE:
      return "CHALLENGE";
    case MessageType.ABORT:
      return "ABORT";
    case MessageType.GOODBYE:
      return "GOODBYE";
    default:
      return "routed";
  }
}

/** The items of a message from this index on. */
function itemsFrom(message: MessageSlices, from: number): Uint8Array[] {
  const items: Uint8Array[] = [];
  for (let index = from; index < message.length; index += 1) items.push(message.octets(index));
  return items;
}

function ownPayload({ details, items }: WampPayload): WampPayload {
  return { details, items: items.map((item) => new Uint8Array(item)) };
}

function octetsOf({ items }: WampPayload): number {
  return items.reduce((sum, item) => sum + item.length, 0);
}

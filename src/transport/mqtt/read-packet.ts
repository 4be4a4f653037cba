/**
 * readPacket: the packet that octets hold. `mqtt-packet` reads all but what comes with every message; what it lets
 * through is refused here (MQTT 3.1.1 and 5.0).
 *
 * @module
 */

import {
  type IConnectPacket,
  type IPublishPacket,
  type ISubscribePacket,
  type IUnsubscribePacket,
  parser as newParser,
  type Packet,
  type Parser,
} from "mqtt-packet";
import { PacketFault } from "./packet-fault.ts";
import { Reason } from "./reason-codes.ts";
import { refuseWrongTopic, type TopicName, topicName } from "./topic-names.ts";

/** The versions of MQTT, by the number in CONNECT: 3.1.1 and 5. */
export type MqttVersion = 4 | 5;

/** A PUBLISH; its payload is borrowed. */
export interface Publish {
  cmd: "publish";
  topic: TopicName;
  payload: Uint8Array;
  qos: 0 | 1 | 2;
  dup: boolean;
  retain: boolean;
  /** 0: it has none, with QoS 0. */
  messageId: number;
  properties: NonNullable<IPublishPacket["properties"]> | undefined;
}

/** A packet of a client. */
export type ClientPacket = Publish | Exclude<Packet, IPublishPacket>;

const PUBLISH = 3;
const PUBACK = 4;
const PINGREQ = 12;
const CONNECT = 1;

/** Packets that a client may send, by their type. */
const OF_CLIENTS = new Set([1, 3, 4, 5, 6, 7, 8, 10, 12, 14, 15]);

/** Packets with nothing but an id in MQTT 3.1.1. */
const ACKNOWLEDGEMENTS = new Set([4, 5, 6, 7]);

/** Characters that stand for octets that are not UTF-8. */
const REPLACEMENT = "\ufffd";

/** Octets that one packet may have searched for such texts, which anybody can send before joining. */
const MAX_SEARCHED_OCTETS = 4 * 1024 * 1024;
const MIN_SEARCHES = 4;

/** Those of the packet that is being read. */
let searched = 0;

const PINGREQ_PACKET: ClientPacket = { cmd: "pingreq" };

/**
 * Reads one whole packet of a client.
 *
 * @throws PacketFault when it is malformed, or clients do not send it.
 */
export function readPacket(octets: Uint8Array, version: MqttVersion): ClientPacket {
  const first = octets[0] as number;
  const type = first >> 4;
  searched = 0;
  if (type === PUBLISH) return readPublish(octets, version);
  if (type === PINGREQ && first === 0xc0 && octets.length === 2) return PINGREQ_PACKET;
  if (!OF_CLIENTS.has(type)) throw malformed("a client does not send packets of this type");
  if (type === CONNECT) return readConnect(octets);
  refuseWrongLength(octets, type, version);
  const packet = parse(octets, version);
  if (packet.messageId !== undefined && !(packet.messageId > 0)) throw malformed("no packet id");
  if (packet.cmd === "subscribe") checkSubscribe(packet, octets);
  if (packet.cmd === "unsubscribe") checkUnsubscribe(packet, octets);
  checkProperties((packet as { properties?: object }).properties, octets);
  return packet as ClientPacket;
}

/** A PUBLISH has no properties, most of the time. */
function readPublish(octets: Uint8Array, version: MqttVersion): Publish {
  const first = octets[0] as number;
  const qos = ((first >> 1) & 3) as 0 | 1 | 2;
  const dup = (first & 8) !== 0;
  if ((qos as number) === 3) throw malformed("both bits of the QoS are set");
  if (dup && qos === 0) throw malformed("a publication of QoS 0 is no duplicate");
  let at = bodyOf(octets);
  const topicEnd = at + 2 + uint16(octets, at);
  const topicStart = at + 2;
  at = topicEnd;
  const messageId = qos === 0 ? 0 : uint16(octets, at);
  if (qos > 0) at += 2;
  const hasProperties = version === 5 && octets[at] !== 0;
  if (version === 5) at += 1;
  if (at > octets.length) throw malformed("PUBLISH ends within its head");
  if (qos > 0 && messageId === 0) throw malformed("no packet id");
  const topic = topicName(octets, topicStart, topicEnd);
  if (!hasProperties) {
    if (topic.text === "") throw malformed("a topic is empty");
    const payload = octets.subarray(at);
    return {
      cmd: "publish",
      topic,
      payload,
      qos,
      dup,
      retain: (first & 1) === 1,
      messageId,
      properties: undefined,
    };
  }
  const packet = parse(octets, version) as IPublishPacket;
  const { properties = {} } = packet;
  checkProperties(properties, octets);
  checkPublishProperties(topic.text, properties);
  const payload = packet.payload as Buffer;
  const { retain } = packet;
  return { cmd: "publish", topic, payload, qos, dup, retain, messageId, properties };
}

function checkPublishProperties(
  topic: string,
  { topicAlias, responseTopic, subscriptionIdentifier }: NonNullable<IPublishPacket["properties"]>,
): void {
  if (topic === "" && topicAlias === undefined) throw violation("a topic is empty, without alias");
  if (subscriptionIdentifier !== undefined) {
    throw violation("a client sends no subscription identifier with PUBLISH");
  }
  if (responseTopic === undefined) return;
  if (responseTopic === "" || /[+#\0]/.test(responseTopic)) {
    throw violation("a response topic is no topic name");
  }
}

/** Reads CONNECT; a version that is not known is refused with its own reason. */
function readConnect(octets: Uint8Array): IConnectPacket {
  if (octets[0] !== 0x10) throw malformed("reserved bits of a packet are set");
  const body = bodyOf(octets);
  const name = Buffer.from(octets.subarray(body, body + 6)).toString("latin1");
  if (name !== "\0\x04MQTT" && name !== "\0\x06MQIs") throw malformed("CONNECT is not of MQTT");
  const version = octets[body + 6];
  if (name !== "\0\x04MQTT" || (version !== 4 && version !== 5)) {
    throw new PacketFault("the version is not 3.1.1 or 5", Reason.unsupportedVersion);
  }
  const flags = octets[body + 7] ?? 0;
  if ((flags & 0xc0) === 0x40 && version === 4) throw malformed("a password without a user name");
  const packet = parse(octets, version) as IConnectPacket;
  const { will, username } = packet;
  if (will !== undefined && (will.qos as number) === 3) throw malformed("the QoS of a will is 3");
  for (const text of [packet.clientId, username, will?.topic]) checkText(text, octets);
  if (will !== undefined) {
    if (will.topic === "") throw wrongTopic("the topic of a will is empty");
    refuseWrongTopic(will.topic);
    checkProperties(will.properties, octets);
  }
  checkProperties(packet.properties, octets);
  const { receiveMaximum, maximumPacketSize } = packet.properties ?? {};
  if (receiveMaximum === 0 || maximumPacketSize === 0) throw violation("a limit of CONNECT is 0");
  return ownConnect(packet);
}

/** Octets that outlast the read that they came with. */
function ownConnect(packet: IConnectPacket): IConnectPacket {
  const { password, will } = packet;
  if (will !== undefined) will.payload = Buffer.from(will.payload as Buffer);
  if (password !== undefined) packet.password = Buffer.from(password);
  return packet;
}

function checkSubscribe({ subscriptions, properties }: ISubscribePacket, octets: Uint8Array): void {
  const { subscriptionIdentifier = 1 } = properties ?? {};
  if (!(subscriptionIdentifier > 0)) throw violation("a subscription identifier is 0");
  if (subscriptions.length === 0) throw violation("SUBSCRIBE has no topic filter");
  for (const { topic } of subscriptions) checkFilter(topic, octets);
}

function checkUnsubscribe({ unsubscriptions }: IUnsubscribePacket, octets: Uint8Array): void {
  if (unsubscriptions.length === 0) throw violation("UNSUBSCRIBE has no topic filter");
  for (const topic of unsubscriptions) checkFilter(topic, octets);
}

function checkFilter(filter: string, octets: Uint8Array): void {
  if (filter === "") throw violation("a topic filter is empty");
  checkText(filter, octets);
}

/** `mqtt-packet` makes U+FFFD of what is not UTF-8: a text that has it is searched for in the packet. */
function checkText(text: string | undefined, octets: Uint8Array): void {
  if (text === undefined) return;
  if (text.includes("\0")) throw malformed("a text has the character U+0000");
  if (!text.includes(REPLACEMENT)) return;
  const { buffer, byteOffset, length } = octets;
  searched += length;
  if (searched > Math.max(MAX_SEARCHED_OCTETS, MIN_SEARCHES * length)) {
    throw new PacketFault("too many texts have the character U+FFFD", Reason.quotaExceeded);
  }
  const place = Buffer.from(buffer, byteOffset, length).indexOf(Buffer.from(text));
  if (place < 0) throw malformed("a text is not UTF-8");
}

/** Properties that may be there once, and are there twice, are lists. */
function checkProperties(properties: object | undefined, octets: Uint8Array): void {
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name === "userProperties") {
      for (const [key, values] of Object.entries(value as Record<string, string | string[]>)) {
        for (const text of [key, values].flat()) checkText(text ?? "", octets);
      }
      continue;
    }
    if (Array.isArray(value)) throw violation(`the property ${name} is there twice`);
    if (value === null || value === undefined || value === -1) {
      throw malformed(`the property ${name} has no value`);
    }
    if (typeof value === "string") checkText(value, octets);
  }
}

/** Packets of a fixed length must have it. */
function refuseWrongLength(octets: Uint8Array, type: number, version: MqttVersion): void {
  const length = octets.length - bodyOf(octets);
  const isShort = type === PINGREQ || (version === 4 && type === 14);
  const hasIdAlone = version === 4 && ACKNOWLEDGEMENTS.has(type);
  if (isShort ? length > 0 : hasIdAlone && length !== 2)
    throw malformed("wrong length of a packet");
  if (type >= PUBACK && type <= 10 && length < 2) throw malformed("a packet ends within its id");
}

/** What one run of the parser has found. */
let found: Packet | undefined;
let fault: Error | undefined;
/** Where in the body it has stopped to read. */
let readTo = 0;

const parsers: Record<MqttVersion, Parser> = { 4: parserOf(4), 5: parserOf(5) };

function parserOf(protocolVersion: MqttVersion): Parser {
  const parser = newParser({ protocolVersion } as never);
  parser.on("packet", (packet: Packet) => {
    found = packet;
    readTo = (parser as unknown as { _pos: number })._pos;
  });
  parser.on("error", (error: unknown) => {
    fault = error as Error;
  });
  return parser;
}

/** A parser that has failed begins anew; none keeps a CONNECT, which has a password. */
function parse(octets: Uint8Array, version: MqttVersion): Packet {
  found = undefined;
  fault = undefined;
  const parser = parsers[version];
  const left = parser.parse(Buffer.from(octets.buffer, octets.byteOffset, octets.length) as never);
  const isConnect = octets[0] === 0x10;
  if (isConnect || fault !== undefined || left !== 0) parsers[version] = parserOf(version);
  const packet = found as Packet | undefined;
  found = undefined;
  const failed = fault as Error | undefined;
  if (failed !== undefined || left !== 0 || packet === undefined) {
    throw malformed(failed?.message.toLowerCase() ?? "a packet ends too early");
  }
  const length = octets.length - bodyOf(octets);
  if (readTo > length) throw malformed("a packet ends too early");
  if (readTo < length && packet.cmd !== "publish") throw malformed("octets follow a packet");
  return packet;
}

/** Where the body of a whole packet begins. */
function bodyOf(octets: Uint8Array): number {
  let at = 1;
  while ((octets[at] as number) >= 0x80) at += 1;
  return at + 1;
}

function uint16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
}

function malformed(sentence: string): PacketFault {
  return new PacketFault(sentence, Reason.malformed);
}

function violation(sentence: string): PacketFault {
  return new PacketFault(sentence, Reason.protocolError);
}

function wrongTopic(sentence: string): PacketFault {
  return new PacketFault(sentence, Reason.badTopic);
}

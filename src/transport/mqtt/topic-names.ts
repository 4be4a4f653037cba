/**
 * Topic names as octets, and the publications that begin with them. Clients publish to the same topics again and again:
 * what follows from a name is found once.
 *
 * @module
 */

import { isUtf8 } from "node:buffer";

import { MessageType } from "#wamp/message-type.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { PacketFault } from "./packet-fault.ts";
import { Reason } from "./reason-codes.ts";
import { uriOfTopic } from "./topic-map.ts";

/** Names that are kept, and the longest of them. */
const MOST_NAMES = 1_000;
const LONGEST_OCTETS = 200;

/** Longer publications get memory of their own. */
const SHORT_OCTETS = 64 * 1024;

/** A topic name of a client. */
export class TopicName {
  readonly text: string;
  /** Undefined: it has none. */
  readonly uri: string | undefined;
  /** What stands between the id and the payload of a PUBLISH, by `Flag`. */
  readonly #tails: (Uint8Array | undefined)[] = [];

  constructor(text: string) {
    this.text = text;
    this.uri = uriOfTopic(text);
  }

  /** Options and topic of a publication whose payload passes as it is, in CBOR. */
  tail(flags: number): Uint8Array {
    const known = this.#tails[flags];
    if (known !== undefined) return known;
    const options = {
      enc_algo: "mqtt",
      exclude_me: false,
      ...((flags & Flag.acknowledge) !== 0 && { acknowledge: true }),
      ...((flags & Flag.retain) !== 0 && { retain: true }),
    };
    const tail = encodeMessage([options, this.uri], "cbor").subarray(1);
    this.#tails[flags] = tail;
    return tail;
  }
}

/** Options of a publication: bits of one number. */
export const Flag = { acknowledge: 1, retain: 2 } as const;

const names = new Map<string, TopicName>();

/**
 * The topic name that the octets from `start` up to `end` are, which may be empty.
 *
 * @throws PacketFault when they are none.
 */
export function topicName(packet: Uint8Array, start: number, end: number): TopicName {
  const key = Buffer.prototype.latin1Slice.call(packet, start, end);
  const known = names.get(key);
  if (known !== undefined) return known;
  const octets = Buffer.from(packet.subarray(start, end));
  if (!isUtf8(octets)) throw new PacketFault("a topic is not UTF-8", Reason.malformed);
  const text = octets.toString();
  refuseWrongTopic(text);
  const name = new TopicName(text);
  if (octets.length > LONGEST_OCTETS) return name;
  if (names.size === MOST_NAMES) names.clear();
  names.set(key, name);
  return name;
}

/** @throws PacketFault when a text is no topic name. */
export function refuseWrongTopic(topic: string): void {
  if (/[+#]/.test(topic)) throw new PacketFault("a topic name has a wildcard", Reason.badTopic);
  if (topic.includes("\0")) {
    throw new PacketFault("a text has the character U+0000", Reason.malformed);
  }
}

/** The octets of a short publication, which the next one overwrites. */
const short = Buffer.allocUnsafeSlow(SHORT_OCTETS);

/** Room for the heads of a list of five items, of an id and of octets. */
const HEADS_OCTETS = 2 + 9 + 9;

/** A PUBLISH in CBOR whose payload passes as it is; valid until the next one. */
export function opaquePublish(
  id: number,
  name: TopicName,
  flags: number,
  payload: Uint8Array,
): Uint8Array {
  const tail = name.tail(flags);
  const most = HEADS_OCTETS + tail.length + payload.length;
  const octets = most <= SHORT_OCTETS ? short : Buffer.allocUnsafe(most);
  octets[0] = 0x85;
  octets[1] = MessageType.PUBLISH;
  let at = writeHead(octets, 2, 0x00, id);
  octets.set(tail, at);
  at = writeHead(octets, at + tail.length, 0x40, payload.length);
  octets.set(payload, at);
  return octets.subarray(0, at + payload.length);
}

/** Writes a head of CBOR; gives where its value begins. */
function writeHead(octets: Buffer, at: number, major: number, value: number): number {
  if (value < 24) {
    octets[at] = major | value;
    return at + 1;
  }
  if (value < 0x100) {
    octets[at] = major | 24;
    octets[at + 1] = value;
    return at + 2;
  }
  if (value < 0x10000) {
    octets[at] = major | 25;
    return octets.writeUInt16BE(value, at + 1);
  }
  if (value < 0x100000000) {
    octets[at] = major | 26;
    return octets.writeUInt32BE(value, at + 1);
  }
  octets[at] = major | 27;
  return octets.writeBigUInt64BE(BigInt(value), at + 1);
}

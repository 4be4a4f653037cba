/**
 * Incoming: one message of a client; its head is checked when it is read, its payload stays octets.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { freeOctets } from "#base/octet-ownership.ts";
import type { PayloadForm } from "#session/long-message.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { isId } from "#wamp/id.ts";
import { messageTypeName } from "#wamp/message-type.ts";
import type { WireMessage } from "#wamp/peer.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import { NO_ENTRIES } from "#wamp/serializer/write-value.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import {
  type MessageItems,
  type Payload,
  payloadItems,
  sliceMessage,
} from "#wamp/transcode/payload-slice.ts";
import { isLoosePattern, type MatchPolicy } from "./uri-match.ts";

/** A map of options or details. */
export type Dict = Record<string, unknown>;

/** A long message that is read, and its payload in the serializers of its receivers. */
export interface LongMessage {
  readonly octets: Uint8Array<ArrayBuffer>;
  readonly forms: ReadonlyMap<SerializerName, PayloadForm>;
  /** Those whose memory has become a message. */
  readonly usedForms: Set<SerializerName>;
}

/** A payload, and the long message that it is of; the octets of a short one are borrowed. */
export interface RoutedPayload extends Payload {
  readonly long?: LongMessage;
}

/** Longest part of a message that the router reads; payloads of any length are forwarded unread. */
export const MAX_READ_OCTETS = 256 * 1024;

/** One received message; every getter throws a Failure when the element is malformed. */
export class Incoming {
  readonly type: number;
  readonly #items: MessageItems;
  readonly #serializer: SerializerName;
  readonly #long: LongMessage | undefined;

  constructor(message: MessageItems, serializer: SerializerName, long?: LongMessage) {
    this.#items = message;
    this.#serializer = serializer;
    this.#long = long;
    const usual = message.integer(0);
    const type = usual < 0 && message.length > 0 ? message.value(0) : usual;
    if (!Number.isInteger(type)) throw violation("Cannot read the message: it has no type");
    this.type = type as number;
  }

  /** Reads a message that is not long. */
  static read(message: WireMessage, serializer: SerializerName): Incoming {
    return new Incoming(sliceMessage(message, serializer), serializer);
  }

  /** How many octets of a request are read for its values: those of its options and of its URI. */
  get readOctets(): number {
    return this.#items.octetCount(2) + this.#items.octetCount(3);
  }

  id(index: number): number {
    const usual = this.#items.integer(index);
    if (usual >= 0) return usual;
    const value = this.#value(index);
    if (!isId(value)) throw this.#wrong(index, "no id");
    // 0 for -0, which would be written as a float.
    return value + 0;
  }

  /** A message type, as in ERROR. */
  code(index: number): number {
    const value = this.#value(index);
    if (!Number.isInteger(value)) throw this.#wrong(index, "no message type");
    return value as number;
  }

  dict(index: number): Dict {
    if (this.#items.isEmptyMap(index)) return NO_ENTRIES;
    const value = this.#value(index);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.#wrong(index, "no map");
    }
    if (value instanceof Uint8Array) throw this.#wrong(index, "no map");
    return value as Dict;
  }

  /** A URI or a pattern; a malformed one fails with `wamp.error.invalid_uri`. */
  uri(index: number, match: MatchPolicy = "exact"): string {
    const usual = match === "exact" ? this.#items.uri(index) : undefined;
    if (usual !== undefined) return usual;
    const value = this.#value(index);
    if (typeof value !== "string") throw this.#wrong(index, "no URI");
    if (!isLoosePattern(value, match)) {
      const kind = match === "exact" ? "URI" : `${match} pattern`;
      throw new Failure(`Cannot use "${value.slice(0, 200)}": it is not a valid ${kind}`, {
        source: "client",
        uri: ErrorUri.invalidUri,
      });
    }
    return value;
  }

  /** The reason of a GOODBYE for the log, which may have none that can be read. */
  reasonOrNone(): string {
    const isShort = this.#items.octetCount(2) <= MAX_READ_OCTETS;
    try {
      const reason = isShort ? this.#items.value(2) : undefined;
      return typeof reason === "string" ? reason : "no reason";
    } catch {
      return "no reason";
    }
  }

  /** Refuses a message that has an element at this index. */
  endsBefore(index: number): void {
    if (this.#items.length > index) throw this.#wrong(index, "more than the message has");
  }

  /**
   * The arguments and keyword arguments, if any, from this index on; `mayBeOpaque`: octets may stand in place of both,
   * as Crossbar's payload transparency has it.
   */
  payload(from: number, mayBeOpaque = false): RoutedPayload {
    const { length } = this.#items;
    this.endsBefore(from + 2);
    const items: Uint8Array[] = [];
    for (let i = from; i < length; i += 1) {
      const octets = this.#items.octets(i);
      // The receiver's library would take a payload of another kind for a protocol violation of the
      // router.
      const kind = serializers[this.#serializer].kindOf(octets[0] ?? 0);
      const isOpaque = mayBeOpaque && kind === "other" && length === from + 1;
      if (i === from && kind !== "list" && kind !== "null" && !isOpaque)
        throw this.#wrong(i, "no list of arguments");
      if (i > from && kind !== "map") throw this.#wrong(i, "no map of keyword arguments");
      items.push(octets);
    }
    const serializer = this.#serializer;
    const payload = { serializer, items: payloadItems(items, serializer) };
    return this.#long === undefined ? payload : { ...payload, long: this.#long };
  }

  /** Frees the memory of a long message that nothing keeps. */
  discard(): void {
    if (this.#long === undefined) return;
    const { octets, forms, usedForms } = this.#long;
    freeOctets(octets);
    for (const [name, form] of forms) {
      if (typeof form !== "string" && !usedForms.has(name)) freeOctets(form);
    }
  }

  #value(index: number): unknown {
    if (index >= this.#items.length) throw this.#wrong(index, "missing");
    if (this.#items.octetCount(index) > MAX_READ_OCTETS) {
      throw this.#wrong(index, `longer than ${MAX_READ_OCTETS} octets`);
    }
    return this.#read(index);
  }

  #read(index: number): unknown {
    return readOrFail(messageTypeName(this.type), () => this.#items.value(index));
  }

  #wrong(index: number, state: string): Failure {
    return violation(`Cannot read ${messageTypeName(this.type)}: element ${index} is ${state}`);
  }
}

/** Reads a value; one that JavaScript cannot represent fails with `wamp.error.invalid_argument`. */
export function readOrFail<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof UnrepresentableValue)) throw thrown;
    throw new Failure(`Cannot read ${what}: ${sentenceOf(thrown)}`, {
      source: "client",
      uri: ErrorUri.invalidArgument,
      cause: thrown,
    });
  }
}

/** A Failure that ends the client's session. */
export function violation(sentence: string): Failure {
  return new Failure(sentence, { source: "client", uri: ErrorUri.protocolViolation });
}

/** Whether a Failure refuses a request and leaves its session as it is. */
export function isRefusal(thrown: unknown): thrown is Failure {
  return thrown instanceof Failure && thrown.uri !== ErrorUri.protocolViolation;
}

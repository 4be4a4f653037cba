/**
 * PayloadMapping: payloads of MQTT to arguments of WAMP, and back, by `payload_mapping`.
 *
 *     passthrough   octets <-> octets in place of the arguments, with `enc_algo` `mqtt`
 *     native        {"args": [...], "kwargs": {...}} in JSON, CBOR or MsgPack <-> the arguments
 *     dynamic       decoder(uri, topic, payload) -> {"args": ..., "kwargs": ...}
 *                   encoder(topic, uri, args, kwargs) -> payload
 *
 * A payload of no octets passes as it is: it means that a retained message is removed.
 *
 * Arguments stay octets, because JavaScript values cannot represent all of them.
 *
 * @module
 */

import { Cancellation } from "#base/cancellation.ts";
import { Failure } from "#base/failure.ts";
import type { MqttServiceConfig, PayloadFormat } from "#config/mqtt/mqtt-config.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { readItem } from "#wamp/serializer/read-value.ts";
import { serializers } from "#wamp/serializer/serializers.ts";
import { Serialized } from "#wamp/serializer/write-value.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";
import { sliceObject } from "#wamp/transcode/object-slice.ts";
import { sliceList } from "#wamp/transcode/payload-slice.ts";
import { transcodeItem } from "#wamp/transcode/transcoder.ts";
import type { WampCaller } from "#wamp/wamp-caller.ts";

/** What a payload says: options of PUBLISH or CALL, and what follows its URI, in CBOR or as octets. */
export interface MappedPayload {
  readonly options: Readonly<Record<string, unknown>>;
  readonly values: readonly (Serialized | Uint8Array)[];
}

/** The payload of an event, a result or an error, in CBOR; its octets are borrowed. */
export interface WampPayload {
  readonly details: Readonly<Record<string, unknown>>;
  readonly items: readonly Uint8Array[];
}

/** A payload that has no counterpart. */
export class UnmappedPayload extends Error {}

/** `enc_algo` of payloads that pass as they are, as in Crossbar. */
const OPAQUE = "mqtt";

/** Milliseconds for the answer of a procedure. */
const CODEC_MS = 30_000;

const PASSTHROUGH: PayloadFormat = { type: "passthrough" };

const OPAQUE_OPTIONS = { enc_algo: OPAQUE };

const NO_OCTETS = new Uint8Array(0);

const NO_ARGUMENTS = encodeMessage([], "cbor");

/** The options of a publication that a payload may have, as in Crossbar. */
const OPTION_NAMES = [
  "exclude",
  "exclude_authid",
  "exclude_authrole",
  "eligible",
  "eligible_authid",
  "eligible_authrole",
];

/** The mapping of one service. */
export class PayloadMapping {
  readonly #rules: MqttServiceConfig["payloadMapping"];
  readonly #caller: WampCaller | undefined;

  constructor({ payloadMapping }: MqttServiceConfig, caller: WampCaller | undefined) {
    this.#rules = payloadMapping;
    this.#caller = caller;
  }

  /** Whether the payload of a publication to a URI passes as it is. */
  passes(uri: string, payload: Uint8Array): boolean {
    return payload.length === 0 || this.#formatOf(uri).type === "passthrough";
  }

  /**
   * What the payload of a publication, or of a call, to a URI says; a promise where a procedure is asked, for which the
   * octets have to stay.
   *
   * @throws UnmappedPayload, or rejects with it, when it says nothing.
   */
  toWamp(uri: string, topic: string, payload: Uint8Array): MappedPayload | Promise<MappedPayload> {
    const format = payload.length === 0 ? PASSTHROUGH : this.#formatOf(uri);
    switch (format.type) {
      case "passthrough":
        return { options: OPAQUE_OPTIONS, values: [payload] };
      case "native":
        return fromMap(payload, format.serializer);
      case "dynamic":
        return this.#decode(format, uri, topic, new Uint8Array(payload));
      case "unavailable":
        throw new UnmappedPayload("the serializer of its topic is not supported");
    }
  }

  /**
   * The payload for an event, a result or an error; borrowed, unless it is a promise.
   *
   * @throws UnmappedPayload, or rejects with it, when it has none.
   */
  toMqtt(uri: string, topic: string, payload: WampPayload): Uint8Array | Promise<Uint8Array> {
    const isOpaque = payload.details["enc_algo"] === OPAQUE;
    const format = isOpaque ? PASSTHROUGH : this.#formatOf(uri);
    switch (format.type) {
      case "passthrough":
        return toOctets(payload);
      case "native":
        return toNative(payload, format.serializer);
      case "dynamic":
        return this.#encode(format, uri, topic, payload);
      case "unavailable":
        throw new UnmappedPayload("the serializer of its topic is not supported");
    }
  }

  #formatOf(uri: string): PayloadFormat {
    for (const { prefix, format } of this.#rules) if (uri.startsWith(prefix)) return format;
    return PASSTHROUGH;
  }

  async #decode(
    format: Extract<PayloadFormat, { type: "dynamic" }>,
    uri: string,
    topic: string,
    payload: Uint8Array,
  ): Promise<MappedPayload> {
    const result = await this.#call(format, format.decoder, [uri, topic, payload]);
    return fromMap(result, "cbor");
  }

  async #encode(
    format: Extract<PayloadFormat, { type: "dynamic" }>,
    uri: string,
    topic: string,
    payload: WampPayload,
  ): Promise<Uint8Array> {
    refuseOpaque(payload);
    const [args = null, kwargs = null] = payload.items.map((item) => new Uint8Array(item));
    const values = [args, kwargs].map((item) => item && new Serialized(item));
    const result = await this.#call(format, format.encoder, [topic, uri, ...values]);
    return textOrOctets(result);
  }

  /** Calls a procedure; gives the octets of its first result, in CBOR. */
  async #call(
    { realm, role }: Extract<PayloadFormat, { type: "dynamic" }>,
    procedure: string,
    args: readonly unknown[],
  ): Promise<Uint8Array> {
    const signal = new Cancellation();
    const timer = setTimeout(() => signal.cancel(), CODEC_MS);
    try {
      const answer = await this.#caller?.request({
        kind: "call",
        realm,
        role: role ?? "trusted",
        uri: procedure,
        options: {},
        payload: { serializer: "cbor", items: [encodeMessage(args, "cbor")] },
        signal,
      });
      if (answer?.kind !== "result") {
        const state = answer?.kind === "error" ? answer.uri : "the worker calls no procedures";
        throw new UnmappedPayload(`${procedure} has failed with ${state}`);
      }
      const { serializer, items } = answer.payload;
      const [list] = items;
      const first = list && sliceList(list, serializer);
      if (first === undefined || first.length === 0) {
        throw new UnmappedPayload(`${procedure} gives no result`);
      }
      return transcodeItem(first.octets(0), serializer, "cbor");
    } catch (thrown) {
      if (signal.aborted) throw tooLate(procedure);
      if (thrown instanceof Failure) throw new UnmappedPayload(thrown.message, { cause: thrown });
      throw thrown;
    } finally {
      clearTimeout(timer);
    }
  }
}

function tooLate(procedure: string): UnmappedPayload {
  return new UnmappedPayload(`${procedure} has not answered within ${CODEC_MS} ms`);
}

/** The octets of an opaque payload, or the one text or octets that the arguments are. */
function toOctets({ details, items }: WampPayload): Uint8Array {
  const [first, second] = items;
  if (first === undefined) return NO_OCTETS;
  if (details["enc_algo"] === OPAQUE && second === undefined) return textOrOctets(first);
  refuseOpaque({ details, items });
  const args = sliceList(first, "cbor");
  const isEmpty = second === undefined || isEmptyMap(second);
  if (args.length === 0 && isEmpty) return NO_OCTETS;
  if (args.length === 1 && isEmpty) return textOrOctets(args.octets(0));
  throw new UnmappedPayload("its arguments are not one text, or octets");
}

function textOrOctets(item: Uint8Array): Uint8Array {
  const value = readItem(item, "cbor");
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string") return Buffer.from(value);
  throw new UnmappedPayload("a payload is a text, or octets");
}

function isEmptyMap(item: Uint8Array): boolean {
  return sliceObject(item, "cbor")?.values.size === 0;
}

/** A payload that only applications read has no arguments. */
function refuseOpaque({ details }: WampPayload): void {
  if (details["enc_algo"] === undefined && details["ppt_scheme"] === undefined) return;
  throw new UnmappedPayload("its payload is for the application alone");
}

function fromMap(map: Uint8Array, serializer: SerializerName): MappedPayload {
  try {
    return readMap(map, serializer);
  } catch (thrown) {
    const isWrong = thrown instanceof MalformedMessage || thrown instanceof UnrepresentableValue;
    if (isWrong) throw new UnmappedPayload(thrown.message, { cause: thrown });
    throw thrown;
  }
}

function readMap(map: Uint8Array, serializer: SerializerName): MappedPayload {
  const slices = sliceObject(map, serializer);
  if (slices === null) throw new UnmappedPayload("a payload is no map");
  const { values } = slices;
  const args = argumentOf(values.get("args"), "list", serializer);
  const kwargs = argumentOf(values.get("kwargs"), "map", serializer);
  const options: Record<string, unknown> = {};
  for (const name of OPTION_NAMES) {
    const value = values.get(name);
    if (value !== undefined) options[name] = readItem(value, serializer);
  }
  const list = args ?? (kwargs && NO_ARGUMENTS);
  const items = [list, kwargs].filter((item) => item !== undefined);
  return { options, values: items.map((item) => new Serialized(item)) };
}

/** A value in CBOR; null counts as absent. */
function argumentOf(
  octets: Uint8Array | undefined,
  kind: "list" | "map",
  serializer: SerializerName,
): Uint8Array | undefined {
  if (octets === undefined) return undefined;
  const found = serializers[serializer].kindOf(octets[0] ?? 0);
  if (found === "null") return undefined;
  if (found !== kind) {
    throw new UnmappedPayload(kind === "list" ? "args is no list" : "kwargs is no map");
  }
  return transcodeItem(octets, serializer, "cbor");
}

function toNative(payload: WampPayload, serializer: SerializerName): Uint8Array {
  refuseOpaque(payload);
  try {
    const [args, kwargs] = payload.items.map((item) => {
      return new Serialized(transcodeItem(item, "cbor", serializer));
    });
    // A list of one map, without the list.
    return withoutList(encodeMessage([{ args, kwargs }], serializer), serializer);
  } catch (thrown) {
    if (!(thrown instanceof UnrepresentableValue)) throw thrown;
    throw new UnmappedPayload(thrown.message, { cause: thrown });
  }
}

/** The one item of a list. */
function withoutList(list: Uint8Array, serializer: SerializerName): Uint8Array {
  return serializer === "json" ? list.subarray(1, -1) : list.subarray(1);
}

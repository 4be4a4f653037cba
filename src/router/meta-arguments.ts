/**
 * MetaArguments: the arguments of a call of a meta procedure, by position or by name.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { isRecord } from "#base/record.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { isId } from "#wamp/id.ts";
import { readItem } from "#wamp/serializer/read-value.ts";
import { type ObjectSlices, sliceObject } from "#wamp/transcode/object-slice.ts";
import { type MessageSlices, type Payload, sliceList } from "#wamp/transcode/payload-slice.ts";
import { MAX_READ_OCTETS, readOrFail } from "./incoming.ts";

/** The arguments of one call; each is read when it is asked for. */
export class MetaArguments {
  readonly serializer: Payload["serializer"];
  readonly #args: MessageSlices | undefined;
  readonly #kwargs: ObjectSlices | null;

  /** @throws Failure (`wamp.error.invalid_argument`) when they are too long. */
  constructor({ items: [args, kwargs], serializer }: Payload) {
    const octets = (args?.length ?? 0) + (kwargs?.length ?? 0);
    if (octets > MAX_READ_OCTETS) throw invalid(`they are longer than ${MAX_READ_OCTETS} octets`);
    this.serializer = serializer;
    this.#args = args && sliceList(args, serializer);
    this.#kwargs = kwargs === undefined ? null : sliceObject(kwargs, serializer);
  }

  /** The octets of an argument; undefined: there is none. */
  octets(position: number, name: string): Uint8Array | undefined {
    const isGiven = this.#args !== undefined && position < this.#args.length;
    return isGiven ? this.#args?.octets(position) : this.#kwargs?.values.get(name);
  }

  /** Any value; undefined: there is none, or null. */
  value(position: number, name: string): unknown {
    const octets = this.octets(position, name);
    if (octets === undefined) return undefined;
    return readOrFail("the arguments", () => readItem(octets, this.serializer)) ?? undefined;
  }

  /** Any value that has no position. */
  named(name: string): unknown {
    return this.value(Number.POSITIVE_INFINITY, name);
  }

  id(position: number, name: string): number {
    const value = this.value(position, name);
    if (!isId(value)) throw invalid(`${name} is no id`);
    return value;
  }

  text(position: number, name: string): string {
    const value = this.optionalText(position, name);
    if (value === undefined) throw invalid(`${name} is missing`);
    return value;
  }

  optionalText(position: number, name: string): string | undefined {
    const value = this.value(position, name);
    if (value === undefined || typeof value === "string") return value;
    throw invalid(`${name} is no string`);
  }

  /** A positive integer; undefined: there is none. */
  optionalCount(position: number, name: string): number | undefined {
    const value = this.value(position, name);
    if (value === undefined) return undefined;
    if (Number.isInteger(value) && Number(value) > 0) return Number(value);
    throw invalid(`${name} is no positive integer`);
  }

  /** An empty map where there is none. */
  map(position: number, name: string): Record<string, unknown> {
    const value = this.value(position, name) ?? {};
    if (!isRecord(value)) throw invalid(`${name} is no map`);
    return value;
  }
}

/** The failure of a call whose arguments are wrong. */
export function invalid(state: string): Failure {
  return new Failure(`Cannot read the arguments: ${state}`, {
    source: "client",
    uri: ErrorUri.invalidArgument,
  });
}

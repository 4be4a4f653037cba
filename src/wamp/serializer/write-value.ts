/**
 * JavaScript values to tokens, without recursion, so that no nesting exhausts the stack.
 *
 * @module
 */

import { OctetBuffer } from "#wamp/token/octet-buffer.ts";
import { MAX_DEPTH, TOO_DEEP, type TokenSink } from "#wamp/token/token-sink.ts";
import type { TokenWriter } from "#wamp/token/token-writer.ts";

/** A value that is serialized already, in the serializer into which it is written. */
export class Serialized {
  readonly octets: Uint8Array;

  constructor(octets: Uint8Array) {
    this.octets = octets;
  }
}

/** An empty map, such as the options and details of most messages. */
export const NO_ENTRIES: Record<string, unknown> = Object.freeze({});

/** The most octets that UTF-8 needs for a UTF-16 unit. */
const MAX_UTF8_OCTETS = 3;

/** A list or map that has begun: what is in it, and how much of that is written. */
interface Open {
  /** Of a map: keys and values in turn. */
  readonly slots: readonly unknown[];
  readonly isMap: boolean;
  written: number;
}

/** For values that are no lists or maps. */
const NOTHING_OPEN: Open[] = [];

/** The octets of a text while the sink is called. */
const utf8 = new OctetBuffer();

/**
 * Writes a list of plain values. Numbers that are integers up to 2^53 are written as integers, all
 * others as floats; a property whose value is undefined is omitted, an undefined item is null.
 *
 * @throws UnrepresentableValue when the sink has no form for one of them.
 */
export function writeList(list: readonly unknown[], sink: TokenWriter): void {
  const open: Open[] = [];
  write(list, sink, open);
  writeOpen(sink, open);
}

/**
 * Writes a list of plain values and, behind them, of items that are serialized already; as `writeList` does.
 *
 * @throws UnrepresentableValue when the sink has no form for one of the values.
 */
export function writeMessage(
  values: readonly unknown[],
  serialized: readonly Uint8Array[],
  sink: TokenWriter,
): void {
  const count = values.length + serialized.length;
  let index = 0;
  sink.beginArray(count);
  for (const value of values) {
    sink.item(index++);
    writeWhole(value, sink);
  }
  for (const octets of serialized) {
    sink.item(index++);
    sink.out.append(octets, 0, octets.length);
  }
  sink.endArray(count, count);
}

/** Writes a value that is one of a list, with all that is in it. */
function writeWhole(value: unknown, sink: TokenWriter): void {
  if (typeof value === "number") {
    writeNumber(value, sink);
  } else if (value === NO_ENTRIES) {
    sink.beginMap(0);
    sink.endMap(0, 0);
  } else if (typeof value === "object" && value !== null) {
    const open: Open[] = [];
    write(value, sink, open);
    writeOpen(sink, open);
  } else {
    write(value, sink, NOTHING_OPEN);
  }
}

/** Writes what is left of the lists and maps that have begun. */
function writeOpen(sink: TokenWriter, open: Open[]): void {
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const { slots, isMap, written } = top;
    if (written === slots.length) {
      open.pop();
      if (isMap) sink.endMap(written / 2, written / 2);
      else sink.endArray(written, written);
      continue;
    }
    top.written++;
    if (!isMap) sink.item(written);
    else if (written % 2 === 0) sink.key(written / 2);
    else sink.value();
    write(slots[written], sink, open);
  }
}

/** Writes a value, of a list or map only its begin. */
function write(value: unknown, sink: TokenWriter, open: Open[]): void {
  if (value === null || value === undefined) sink.nil();
  else if (typeof value === "string") writeText(value, sink);
  else if (typeof value === "number") writeNumber(value, sink);
  else if (typeof value === "boolean") sink.boolean(value);
  else if (typeof value === "bigint") writeBigInt(value, sink);
  else if (value instanceof Uint8Array) sink.binary(value, 0, value.length);
  else if (value instanceof Serialized) sink.out.append(value.octets, 0, value.octets.length);
  else if (typeof value === "object") begin(value, sink, open);
  else throw new TypeError(`a message has a value of the type ${typeof value}`);
}

function begin(value: object, sink: TokenSink, open: Open[]): void {
  if (open.length === MAX_DEPTH) sink.unrepresentable(TOO_DEEP);
  if (Array.isArray(value)) {
    sink.beginArray(value.length);
    open.push({ slots: value, isMap: false, written: 0 });
    return;
  }
  const slots = slotsOf(value);
  sink.beginMap(slots.length / 2);
  open.push({ slots, isMap: true, written: 0 });
}

/** The keys and values of a map in turn. */
function slotsOf(map: object): unknown[] {
  const slots: unknown[] = [];
  for (const [key, item] of Object.entries(map)) {
    if (item !== undefined) slots.push(key, item);
  }
  return slots;
}

/** A lone surrogate, which UTF-8 cannot represent, becomes the replacement character. */
function writeText(text: string, sink: TokenSink): void {
  utf8.clear();
  utf8.reserve(text.length * MAX_UTF8_OCTETS);
  const length = utf8.octets.write(text, 0, "utf8");
  sink.text(utf8.octets, 0, length);
}

function writeNumber(value: number, sink: TokenSink): void {
  if (Number.isSafeInteger(value)) sink.integer(value);
  else if (Math.abs(value) === 2 ** 53) sink.bigInteger(BigInt(value));
  else sink.float(value);
}

function writeBigInt(value: bigint, sink: TokenSink): void {
  const short = Number(value);
  if (Number.isSafeInteger(short)) sink.integer(short);
  else sink.bigInteger(value);
}

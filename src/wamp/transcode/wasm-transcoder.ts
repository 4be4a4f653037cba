/**
 * Transcoders in WebAssembly: octets to octets, the same as those of the readers and writers.
 *
 * They are several times faster. They refuse everything that is malformed, rare or hard, such as tags of CBOR
 * or integers of more than 64 bits: the readers judge it, so that they alone define what a message means. The
 * sources are in the folder wasm/, in AssemblyScript; `npm run wasm` compiles them.
 *
 * @module
 */

import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import type { WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import file from "./transcode.wasm" with { type: "file" };

/** How many octets an instance takes, and gives: JSON can be longer than CBOR or MsgPack. Others are left to the readers. */
interface Capacity {
  input: number;
  output: number;
}

/** Of the instance that all sessions share, whose memory stays. */
const SHARED_CAPACITY: Capacity = { input: 256 * 1024, output: 1024 * 1024 };

/** Most octets of the output for long messages. */
const MAX_OUTPUT_OCTETS = 128 * 1024 * 1024;

/** Transcodes a message; undefined: the reader has to judge it. The octets are valid until the next call. */
export type WasmTranscode = (message: WireMessage) => Buffer | undefined;

/** What the module exports; each function is described in wasm/transcode.ts. */
interface ModuleExports {
  memory: WebAssembly.Memory;
  reserve(inputOctets: number, outputOctets: number): void;
  inputBegin(): number;
  outputBegin(): number;
  jsonToCbor(octets: number): number;
  jsonToMsgpack(octets: number): number;
  cborToJson(octets: number): number;
  cborToMsgpack(octets: number): number;
  msgpackToJson(octets: number): number;
  msgpackToCbor(octets: number): number;
}

/** One instance of the module, with its memory. */
class WasmTranscoders {
  readonly capacity: Capacity;
  readonly #exports: ModuleExports;
  readonly #memory: Buffer;
  readonly #input: number;
  readonly #output: number;

  constructor(module: WebAssembly.Module, capacity: Capacity) {
    const host = {
      parseDecimal: (start: number, end: number) => Number(this.#memory.latin1Slice(start, end)),
      printDecimal: (value: number, to: number) => to + this.#memory.latin1Write(String(value), to),
      isLongUtf8: (from: number, end: number) => isUtf8(this.#memory.subarray(from, end)),
    };
    const { exports } = new WebAssembly.Instance(module, { host });
    this.#exports = exports as unknown as ModuleExports;
    this.#exports.reserve(capacity.input, capacity.output);
    this.capacity = capacity;
    this.#memory = Buffer.from(this.#exports.memory.buffer);
    this.#input = this.#exports.inputBegin();
    this.#output = this.#exports.outputBegin();
  }

  /** The transcoder of a pair; undefined: it has none. */
  transcoder(from: SerializerName, to: SerializerName): WasmTranscode | undefined {
    const run = this.#functionOf(from, to);
    if (run === undefined) return undefined;
    return (message) => {
      const octets = this.#take(message);
      if (octets < 0) return undefined;
      const length = run(octets);
      return length < 0 ? undefined : this.#memory.subarray(this.#output, this.#output + length);
    };
  }

  /** Copies a message to the input, and returns its length; -1: it is too long. */
  #take(message: WireMessage): number {
    if (message.length > this.capacity.input) return -1;
    this.#memory.set(message, this.#input);
    return message.length;
  }

  /** A function for each pair, because a call of WebAssembly is slow where it calls now one, now another. */
  #functionOf(from: SerializerName, to: SerializerName): ((octets: number) => number) | undefined {
    const exports = this.#exports;
    const functions: Record<string, (octets: number) => number> = {
      "json cbor": (octets) => exports.jsonToCbor(octets),
      "json msgpack": (octets) => exports.jsonToMsgpack(octets),
      "cbor json": (octets) => exports.cborToJson(octets),
      "cbor msgpack": (octets) => exports.cborToMsgpack(octets),
      "msgpack json": (octets) => exports.msgpackToJson(octets),
      "msgpack cbor": (octets) => exports.msgpackToCbor(octets),
    };
    return functions[`${from} ${to}`];
  }
}

/** Undefined: not compiled yet. Null: the processor lacks the instructions of WebAssembly's SIMD. */
let module: WebAssembly.Module | null | undefined;
let shared: WasmTranscoders | null | undefined;
let forLong: WasmTranscoders | null | undefined;

/** The transcoder in WebAssembly between two serializers; undefined where there is none. */
export function wasmTranscoder(
  from: SerializerName,
  to: SerializerName,
): WasmTranscode | undefined {
  if (shared === undefined) shared = instantiate(SHARED_CAPACITY);
  return shared?.transcoder(from, to);
}

/**
 * Transcodes a message of any length, as `WasmTranscode` does. The memory for it is kept for further ones, until
 * `releaseLongMemory`.
 */
export function transcodeLong(
  message: WireMessage,
  from: SerializerName,
  to: SerializerName,
): Buffer | undefined {
  if (forLong === undefined || (forLong && message.length > forLong.capacity.input)) {
    const input = 2 ** Math.ceil(Math.log2(message.length + 1));
    forLong = instantiate({ input, output: Math.min(4 * input, MAX_OUTPUT_OCTETS) });
  }
  return forLong?.transcoder(from, to)?.(message);
}

/** Lets the memory for long messages go. */
export function releaseLongMemory(): void {
  forLong = undefined;
}

function instantiate(capacity: Capacity): WasmTranscoders | null {
  if (module === undefined) module = compile();
  return module && new WasmTranscoders(module, capacity);
}

function compile(): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(readFileSync(file));
  } catch (thrown) {
    if (thrown instanceof WebAssembly.CompileError) return null;
    throw thrown;
  }
}

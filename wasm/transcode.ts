/**
 * Transcoders: one function for each pair of serializers. The input is at `inputBegin`, the output at
 * `outputBegin`; each function takes the length of the input and returns that of the output, or -1 for a
 * message that the exact reader has to judge.
 */

import { readCbor } from "./cbor-reader";
import { readJson } from "./json-reader";
import { Input, Output, SLACK } from "./memory";
import { readMsgpack } from "./msgpack-reader";
import { Cbor, Json, Msgpack } from "./target";

/** A copy takes several times as long where its target is a few octets behind its source, modulo 4096. */
const DISTANCE: usize = 1024;

/** Lays out the memory, once, for inputs and outputs of up to so many octets. */
export function reserve(inputOctets: usize, outputOctets: usize): void {
  Input.begin = (__heap_base + 15) & ~15;
  Output.begin = Input.begin + inputOctets + SLACK + DISTANCE;
  Output.end = Output.begin + outputOctets;
  const pages = <i32>((Output.end + SLACK + 0xffff) >>> 16);
  if (pages > memory.size()) memory.grow(pages - memory.size());
}

export function inputBegin(): usize {
  return Input.begin;
}

export function outputBegin(): usize {
  return Output.begin;
}

export function jsonToCbor(octets: usize): i32 {
  begin(octets);
  return result(readJson<Cbor>());
}

export function jsonToMsgpack(octets: usize): i32 {
  begin(octets);
  return result(readJson<Msgpack>());
}

export function cborToJson(octets: usize): i32 {
  begin(octets);
  return result(readCbor<Json>());
}

export function cborToMsgpack(octets: usize): i32 {
  begin(octets);
  return result(readCbor<Msgpack>());
}

export function msgpackToJson(octets: usize): i32 {
  begin(octets);
  return result(readMsgpack<Json>());
}

export function msgpackToCbor(octets: usize): i32 {
  begin(octets);
  return result(readMsgpack<Cbor>());
}

function begin(octets: usize): void {
  Input.at = Input.begin;
  Input.end = Input.begin + octets;
  Output.at = Output.begin;
}

function result(isWhole: bool): i32 {
  return isWhole ? <i32>(Output.at - Output.begin) : -1;
}

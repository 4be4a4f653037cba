/**
 * Reads JSON. An octet of zero stands behind the input, where every loop ends.
 *
 * Each function takes the position at which it begins, and returns the one behind what it has read: a position that
 * was kept in memory would be waited for at every step. It is `REFUSED` for what is malformed, rare or hard; the exact
 * reader then judges the message.
 */

import { closeCount, writeBoolean, writeNull } from "./binary-writer";
import { readNumber } from "./json-number";
import { readText } from "./json-string";
import { hasRoom, Input, MAX_DEPTH, Output, REFUSED, SLACK } from "./memory";

const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const COLON: u32 = 0x3a;
const LETTER_E: u32 = 0x65;

/** Reads a whole message. */
export function readJson<T>(): bool {
  store<u8>(Input.end, 0);
  const end = value<T>(behindSpace(Input.begin), 0);
  return end != REFUSED && behindSpace(end) == Input.end;
}

function behindSpace(from: usize): usize {
  let at = from;
  for (let octet = <u32>load<u8>(at); octet <= 0x20; octet = <u32>load<u8>(++at)) {
    if (octet != 0x20 && octet != 0x0a && octet != 0x0d && octet != 0x09) break;
  }
  return at;
}

function value<T>(at: usize, depth: u32): usize {
  if (!hasRoom(SLACK)) return REFUSED;
  const octet = <u32>load<u8>(at);
  if (octet == QUOTE) return readText<T>(at + 1, false);
  if (octet == 0x5b) return depth < MAX_DEPTH ? list<T>(at + 1, depth + 1) : REFUSED;
  if (octet == 0x7b) return depth < MAX_DEPTH ? map<T>(at + 1, depth + 1) : REFUSED;
  if (octet == 0x74 || octet == 0x66) return boolean<T>(at);
  if (octet == 0x6e) return nothing<T>(at);
  return readNumber<T>(at);
}

function boolean<T>(at: usize): usize {
  const letters = load<u32>(at);
  if (letters == 0x65757274) {
    writeBoolean<T>(true);
    return at + 4;
  }
  if (letters != 0x736c6166 || <u32>load<u8>(at, 4) != LETTER_E) return REFUSED;
  writeBoolean<T>(false);
  return at + 5;
}

function nothing<T>(at: usize): usize {
  if (load<u32>(at) != 0x6c6c756e) return REFUSED;
  writeNull<T>();
  return at + 4;
}

function list<T>(begin: usize, depth: u32): usize {
  const start = Output.at++;
  let count: u32 = 0;
  let at = behindSpace(begin);
  if (<u32>load<u8>(at) == 0x5d) at++;
  else {
    for (;;) {
      at = value<T>(at, depth);
      if (at == REFUSED) return REFUSED;
      count++;
      at = behindSpace(at);
      const octet = <u32>load<u8>(at++);
      if (octet == 0x5d) break;
      if (octet != COMMA) return REFUSED;
      at = behindSpace(at);
    }
  }
  closeCount<T>(start, count, false);
  return at;
}

function map<T>(begin: usize, depth: u32): usize {
  const start = Output.at++;
  let count: u32 = 0;
  let at = behindSpace(begin);
  if (<u32>load<u8>(at) == 0x7d) at++;
  else {
    for (;;) {
      if (<u32>load<u8>(at) != QUOTE || !hasRoom(SLACK)) return REFUSED;
      at = readText<T>(at + 1, true);
      if (at == REFUSED) return REFUSED;
      at = behindSpace(at);
      if (<u32>load<u8>(at) != COLON) return REFUSED;
      at = value<T>(behindSpace(at + 1), depth);
      if (at == REFUSED) return REFUSED;
      count++;
      at = behindSpace(at);
      const octet = <u32>load<u8>(at++);
      if (octet == 0x7d) break;
      if (octet != COMMA) return REFUSED;
      at = behindSpace(at);
    }
  }
  closeCount<T>(start, count, true);
  return at;
}

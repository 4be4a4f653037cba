/**
 * Reads JSON. An octet of zero stands behind the input, where every loop ends.
 *
 * A reader returns false for what is malformed, rare or hard; the exact reader then judges the message.
 */

import { closeCount, writeBoolean, writeNull } from "./binary-writer";
import { readNumber } from "./json-number";
import { readText } from "./json-string";
import { hasRoom, Input, MAX_DEPTH, Output, SLACK } from "./memory";

const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const LETTER_E: u32 = 0x65;

/** Reads a whole message. */
export function readJson<T>(): bool {
  store<u8>(Input.end, 0);
  skipSpace();
  if (!value<T>(0)) return false;
  skipSpace();
  return Input.at == Input.end;
}

function skipSpace(): void {
  let at = Input.at;
  for (let octet = <u32>load<u8>(at); octet <= 0x20; octet = <u32>load<u8>(++at)) {
    if (octet != 0x20 && octet != 0x0a && octet != 0x0d && octet != 0x09) break;
  }
  Input.at = at;
}

/** Reads the value that begins at the input's position. */
function value<T>(depth: u32): bool {
  if (!hasRoom(SLACK)) return false;
  const octet = <u32>load<u8>(Input.at);
  if (octet == QUOTE) return readText<T>(false);
  if (octet == 0x5b) return depth < MAX_DEPTH && list<T>(depth + 1);
  if (octet == 0x7b) return depth < MAX_DEPTH && map<T>(depth + 1);
  if (octet == 0x74) return word(0x65757274, 4) && writtenBoolean<T>(true);
  if (octet == 0x66)
    return load<u8>(Input.at, 4) == LETTER_E && word(0x736c6166, 5) && writtenBoolean<T>(false);
  if (octet == 0x6e) return word(0x6c6c756e, 4) && writtenNull<T>();
  return readNumber<T>();
}

/** Goes behind a word that begins with these four letters. */
function word(letters: u32, length: usize): bool {
  if (load<u32>(Input.at) != letters) return false;
  Input.at += length;
  return true;
}

function writtenBoolean<T>(value: bool): bool {
  writeBoolean<T>(value);
  return true;
}

function writtenNull<T>(): bool {
  writeNull<T>();
  return true;
}

function list<T>(depth: u32): bool {
  const start = Output.at++;
  let count: u32 = 0;
  Input.at++;
  skipSpace();
  if (<u32>load<u8>(Input.at) == 0x5d) Input.at++;
  else {
    for (;;) {
      if (!value<T>(depth)) return false;
      count++;
      skipSpace();
      const octet = <u32>load<u8>(Input.at++);
      if (octet == 0x5d) break;
      if (octet != COMMA) return false;
      skipSpace();
    }
  }
  closeCount<T>(start, count, false);
  return true;
}

function map<T>(depth: u32): bool {
  const start = Output.at++;
  let count: u32 = 0;
  Input.at++;
  skipSpace();
  if (<u32>load<u8>(Input.at) == 0x7d) Input.at++;
  else {
    for (;;) {
      if (<u32>load<u8>(Input.at) != QUOTE || !hasRoom(SLACK) || !readText<T>(true)) return false;
      skipSpace();
      if (<u32>load<u8>(Input.at++) != 0x3a) return false;
      skipSpace();
      if (!value<T>(depth)) return false;
      count++;
      skipSpace();
      const octet = <u32>load<u8>(Input.at++);
      if (octet == 0x7d) break;
      if (octet != COMMA) return false;
      skipSpace();
    }
  }
  closeCount<T>(start, count, true);
  return true;
}

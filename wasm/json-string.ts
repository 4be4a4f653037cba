/** Reads the strings of JSON. */

import { writeShortText, writeText, writeTextHead } from "./binary-writer";
import { hasRoom, Input, Output, REFUSED, SLACK } from "./memory";
import { isAscii, isUtf8, putCharacter, runEnd, specials } from "./text";

const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;

/** Reads the string that begins behind its quote. */
export function readText<T>(start: usize, isKey: bool): usize {
  const octets = v128.load(start);
  const found = specials(octets);
  if (found != 0) {
    const length = ctz(found);
    const quote = start + length;
    if (<u32>load<u8>(quote) == QUOTE && quote < Input.end && isAscii(octets, length)) {
      writeShortText<T>(octets, length);
      return quote + 1;
    }
  }
  const end = runEnd(start, Input.end);
  const octet = <u32>load<u8>(end);
  if (octet == BACKSLASH) return escapedText<T>(start, end, isKey);
  if (octet != QUOTE || end == Input.end || !isUtf8(start, end)) return REFUSED;
  return writeText<T>(start, end - start) ? end + 1 : REFUSED;
}

/** Reads text whose first escape is at `firstEscape`. It is made behind the place of its head, then moved. */
function escapedText<T>(start: usize, firstEscape: usize, isKey: bool): usize {
  if (!hasRoom(Input.end - start + SLACK)) return REFUSED;
  const plain = Output.at + 5;
  let to = plain;
  let from = start;
  let stop = firstEscape;
  for (;;) {
    memory.copy(to, from, stop - from);
    to += stop - from;
    const octet = <u32>load<u8>(stop);
    if (octet == QUOTE && stop < Input.end) break;
    if (octet != BACKSLASH) return REFUSED;
    Input.at = stop + 1;
    const code = escapedCharacter();
    if (code < 0) return REFUSED;
    to = putCharacter(to, code);
    from = Input.at;
    stop = runEnd(from, Input.end);
  }
  const octets = to - plain;
  // A value that begins with NUL is binary.
  if (!isKey && octets > 0 && load<u8>(plain) == 0) return REFUSED;
  if (!isUtf8(start, stop)) return REFUSED;
  writeTextHead<T>(<u32>octets);
  memory.copy(Output.at, plain, octets);
  Output.at += octets;
  return stop + 1;
}

/** The character of an escape at the input's position, behind its backslash; -1 for half of a character, and for no escape. */
function escapedCharacter(): i32 {
  const letter = <u32>load<u8>(Input.at++);
  switch (letter) {
    case 0x22:
    case 0x5c:
    case 0x2f:
      return letter;
    case 0x62:
      return 8;
    case 0x66:
      return 12;
    case 0x6e:
      return 10;
    case 0x72:
      return 13;
    case 0x74:
      return 9;
    case 0x75:
      break;
    default:
      return -1;
  }
  const code = hexadecimal();
  if ((code & 0xf800) != 0xd800) return code;
  if (code >= 0xdc00 || load<u16>(Input.at) != 0x755c) return -1;
  Input.at += 2;
  const low = hexadecimal();
  return low >= 0 && (low & 0xfc00) == 0xdc00
    ? 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
    : -1;
}

/** The number of four hexadecimal digits; -1: they are none. */
function hexadecimal(): i32 {
  let code: i32 = 0;
  for (let digits = 0; digits < 4; digits++) {
    const octet = <u32>load<u8>(Input.at++);
    let digit = octet - 0x30;
    if (digit > 9) {
      digit = (octet | 0x20) - 0x57;
      if (digit < 10 || digit > 15) return -1;
    }
    code = (code << 4) | digit;
  }
  return code;
}

/**
 * The linear memory of the kernels: where a message is read, and where its other form is written.
 *
 * Loads of up to 16 octets may go beyond the input, stores beyond the output: both have that much room.
 */

/** So many octets may be read behind the input, and written behind the output. */
export const SLACK: usize = 32;

/** The position behind what the exact reader has to judge; no message begins there. */
export const REFUSED: usize = 0;

/** Lists and maps that are nested deeper are left to the exact reader, which has the limit. */
export const MAX_DEPTH: u32 = 128;

/** The octets that are read. */
export class Input {
  static begin: usize = 0;
  static at: usize = 0;
  static end: usize = 0;
}

/** The octets that are written. */
export class Output {
  static begin: usize = 0;
  static at: usize = 0;
  static end: usize = 0;
}

/** Whether the output has room for so many octets, and for the longest head or number. */
export function hasRoom(octets: usize): bool {
  return Output.at + octets <= Output.end;
}

/** Copies octets; up to 16 are copied in one step, and may overwrite what follows them. */
export function copy(to: usize, from: usize, octets: usize): void {
  if (octets <= 16) v128.store(to, v128.load(from));
  else memory.copy(to, from, octets);
}

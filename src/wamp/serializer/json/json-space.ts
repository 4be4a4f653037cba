/**
 * The white space of JSON.
 *
 * @module
 */

/** Whether this character is white space in JSON; NaN, which stands for none, is not. */
export function isJsonSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

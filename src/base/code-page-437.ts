/**
 * Code page 437, in which names of ZIP archives are written that have no mark of UTF-8 (APPNOTE.TXT, appendix D).
 *
 * @module
 */

/** The characters of the octets from 0x80 on; those below are ASCII. */
const UPPER =
  "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒ" +
  "áíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐" +
  "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀" +
  "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

/** Decodes octets. */
export function decodeCodePage437(octets: Uint8Array): string {
  let text = "";
  for (const octet of octets) {
    text += octet < 0x80 ? String.fromCharCode(octet) : UPPER.charAt(octet - 0x80);
  }
  return text;
}

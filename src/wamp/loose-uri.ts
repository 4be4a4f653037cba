/**
 * URIs by WAMP's loose rule: components without space, dot and hash, none of them empty.
 *
 * (WAMP specification, section "URIs".)
 *
 * @module
 */

const LOOSE_URI = /^[^\s.#]+(\.[^\s.#]+)*$/;

/** Whether a text is a URI. */
export function isLooseUri(text: string): boolean {
  return LOOSE_URI.test(text);
}

/**
 * URIs by WAMP's loose rule: no component is empty or contains white space, a dot or a hash.
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

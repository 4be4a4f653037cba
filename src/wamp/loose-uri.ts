/**
 * URIs by WAMP's loose rule: no component is empty or contains white space, a dot or a hash.
 *
 * (WAMP specification, section "URIs".)
 *
 * @module
 */

/** An expression for all components would have a group that repeats, which the engine does a million times at most. */
const NOT_LOOSE = /[\s#]|\.\.|^\.|\.$|^$/;

/** Whether a text is a URI. */
export function isLooseUri(text: string): boolean {
  return !NOT_LOOSE.test(text);
}

/**
 * JavaScript's `undefined`, which CBOR and msgpackr have a word for and JSON has not.
 *
 * JavaScript clients send it for options that were not given (`{ "match": undefined }`). It is
 * carried as JSON.stringify does: a pair whose value it is is left out, an item of a list is null.
 * The pair is already begun when its value is seen, so the reader begins anew and looks ahead.
 *
 * @module
 */

import type { TokenSink } from "./token-sink.ts";

/** Thrown inside a reader to make it begin anew; nobody else sees it. */
export const UNDEFINED_VALUE: unique symbol = Symbol("absent value");

/** Takes the tokens of a key that is looked past. */
export const IGNORING_SINK: TokenSink = {
  beginArray() {},
  item() {},
  endArray() {},
  beginMap() {},
  key() {},
  value() {},
  endMap() {},
  nil() {},
  boolean() {},
  integer() {},
  bigInteger() {},
  float() {},
  text() {},
  binary() {},
  unrepresentable() {},
};

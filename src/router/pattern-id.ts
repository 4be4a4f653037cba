/**
 * The ids of subscriptions and registrations, which are of router scope: a router may choose them (WAMP specification,
 * section "IDs"). They tell where a pattern is, so that there is no table of them.
 *
 *     bits 0 to 30: its place, from 1      bits 31 to 52: random, so that the next one in this place has another id
 *
 * @module
 */

import { randomId } from "#wamp/id.ts";
import type { MatchPolicy } from "./uri-match.ts";

const PLACES = 2 ** 31;
const RANDOM = 2 ** 22;

/** An id for a pattern in a place. */
export function idAt(place: number): number {
  return (randomId() % RANDOM) * PLACES + place;
}

/** The place of the pattern that may have an id. */
export function placeOf(id: number): number {
  return id % PLACES;
}

/** The ids of a realm that other routers have too: all of them give the same id to a pattern. */
export interface SharedIds<T> {
  idOf(uri: string, match: MatchPolicy): number;
  get(id: number): T | undefined;
  add(pattern: T): void;
  delete(pattern: T): void;
}

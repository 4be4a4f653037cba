/**
 * SessionPatterns: the subscriptions or registrations of each session, which are bounded.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { RealmSession } from "./realm-session.ts";

/** Most subscriptions of one session, and most registrations. */
const MAX_PATTERNS = 65_536;

/** Most characters of their URIs together. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** What may differ from the limits of a router worker. */
export interface PatternLimits {
  maxPatterns: number;
  maxCharacters: number;
}

/** The patterns of one session. */
interface Patterns<T> {
  readonly all: Set<T>;
  characters: number;
}

/** Keeps what each session has subscribed to or registered. */
export class SessionPatterns<T extends { readonly uri: string }> {
  readonly #action: string;
  readonly #limits: PatternLimits;
  readonly #bySession = new Map<RealmSession, Patterns<T>>();

  /** `action` is for sentences: `subscribe to` or `register`. */
  constructor(
    action: string,
    limits: PatternLimits = { maxPatterns: MAX_PATTERNS, maxCharacters: MAX_CHARACTERS },
  ) {
    this.#action = action;
    this.#limits = limits;
  }

  /**
   * Refuses a further pattern of a session that has too many.
   *
   * @throws Failure (`wamp.error.unavailable`).
   */
  refuseTooMany(session: RealmSession, uri: string): void {
    const patterns = this.#bySession.get(session);
    const { maxPatterns, maxCharacters } = this.#limits;
    const isFull = patterns !== undefined && patterns.all.size >= maxPatterns;
    if (!isFull && (patterns?.characters ?? 0) + uri.length <= maxCharacters) return;
    const state = isFull
      ? `this session has ${maxPatterns} already`
      : `the URIs of this session would have more than ${maxCharacters} characters`;
    throw new Failure(`Cannot ${this.#action} "${uri.slice(0, 200)}": ${state}`, {
      source: "client",
      uri: ErrorUri.unavailable,
    });
  }

  /** Adds a pattern that the session does not have. */
  add(session: RealmSession, pattern: T): void {
    const patterns = this.#bySession.get(session) ?? { all: new Set(), characters: 0 };
    patterns.all.add(pattern);
    patterns.characters += pattern.uri.length;
    this.#bySession.set(session, patterns);
  }

  delete(session: RealmSession, pattern: T): void {
    const patterns = this.#bySession.get(session);
    if (patterns?.all.delete(pattern)) patterns.characters -= pattern.uri.length;
  }

  /** Removes and returns all patterns of a session. */
  take(session: RealmSession): Iterable<T> {
    const patterns = this.#bySession.get(session);
    this.#bySession.delete(session);
    return patterns?.all ?? [];
  }
}

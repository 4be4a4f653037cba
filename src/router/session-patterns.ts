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

/** What a session has subscribed to or registered. */
interface Pattern {
  readonly id: number;
  readonly uri: string;
}

/** Where patterns are by their ids. */
interface PatternSource<T> {
  /** The pattern with this id, if a session has it. */
  ofSession(session: RealmSession, id: number): T | undefined;
}

/** The patterns of one session. */
interface Patterns {
  /** In the order in which they were added; among them are some that it has no more, and some twice. */
  ids: number[];
  count: number;
  characters: number;
}

/** Ids that a session need not have any more, before these are sorted out. */
const MAX_UNUSED = 16;

/** Keeps what each session has subscribed to or registered: an id in a list takes a fifth of what it would in a set. */
export class SessionPatterns<T extends Pattern> {
  readonly #action: string;
  readonly #source: PatternSource<T>;
  readonly #limits: PatternLimits;
  readonly #bySession = new Map<RealmSession, Patterns>();

  /** `action` is for sentences: `subscribe to` or `register`. */
  constructor(
    action: string,
    source: PatternSource<T>,
    limits: PatternLimits = { maxPatterns: MAX_PATTERNS, maxCharacters: MAX_CHARACTERS },
  ) {
    this.#action = action;
    this.#source = source;
    this.#limits = limits;
  }

  /**
   * Refuses a further pattern of a session that has too many.
   *
   * @throws Failure (`wamp.error.unavailable`).
   */
  refuseTooMany(session: RealmSession, uri: string): void {
    const { count, characters } = this.#bySession.get(session) ?? { count: 0, characters: 0 };
    const { maxPatterns, maxCharacters } = this.#limits;
    const isFull = count >= maxPatterns;
    if (!isFull && characters + uri.length <= maxCharacters) return;
    const state = isFull
      ? `this session has ${maxPatterns} already`
      : `the URIs of this session would have more than ${maxCharacters} characters`;
    throw new Failure(`Cannot ${this.#action} "${uri.slice(0, 200)}": ${state}`, {
      source: "client",
      uri: ErrorUri.unavailable,
    });
  }

  /** Whether a session has any pattern. */
  has(session: RealmSession): boolean {
    return this.#bySession.has(session);
  }

  /** Adds a pattern that the session did not have. */
  add(session: RealmSession, { id, uri }: T): void {
    const patterns = this.#bySession.get(session);
    if (patterns === undefined) {
      this.#bySession.set(session, { ids: [id], count: 1, characters: uri.length });
      return;
    }
    patterns.ids.push(id);
    patterns.count += 1;
    patterns.characters += uri.length;
  }

  /** Removes a pattern that the session had. */
  delete(session: RealmSession, { uri }: T): void {
    const patterns = this.#bySession.get(session);
    if (patterns === undefined) return;
    patterns.count -= 1;
    patterns.characters -= uri.length;
    if (patterns.count === 0) this.#bySession.delete(session);
    else if (patterns.ids.length > 2 * patterns.count + MAX_UNUSED) {
      patterns.ids = this.#used(session, patterns).map(({ id }) => id);
    }
  }

  /** Removes and returns all patterns of a session. */
  take(session: RealmSession): T[] {
    const patterns = this.#bySession.get(session);
    this.#bySession.delete(session);
    return patterns === undefined ? [] : this.#used(session, patterns);
  }

  #used(session: RealmSession, { ids }: Patterns): T[] {
    return [...new Set(ids)].flatMap((id) => this.#source.ofSession(session, id) ?? []);
  }
}

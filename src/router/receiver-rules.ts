/**
 * The receivers of a publication by its `exclude` and `eligible` lists (WAMP specification, section "Subscriber
 * Black- and Whitelisting").
 *
 * @module
 */

import type { RealmSession } from "./realm-session.ts";
import type { PublishRequest } from "./requests.ts";

/** One kind of list; undefined: there is no such list. */
interface Lists<T> {
  /** Sets, because a list may be as long as the subscribers are many. */
  readonly excluded: ReadonlySet<T> | undefined;
  readonly eligible: ReadonlySet<T> | undefined;
}

/** About as many octets as an entry of a set takes, without its text. */
const ENTRY_OCTETS = 64;

/** The lists of one publication. */
export class ReceiverRules {
  readonly #ids: Lists<number | bigint>;
  readonly #authids: Lists<string>;
  readonly #authroles: Lists<string>;
  /** Whether sessions are listed by their ids, which mean nothing to later sessions. */
  readonly namesSessions: boolean;

  private constructor(options: PublishRequest["options"]) {
    this.#ids = lists(options.exclude, options.eligible);
    this.#authids = lists(options.exclude_authid, options.eligible_authid);
    this.#authroles = lists(options.exclude_authrole, options.eligible_authrole);
    this.namesSessions = options.exclude !== undefined || options.eligible !== undefined;
  }

  /** Undefined: the publication has no lists. */
  static of(options: PublishRequest["options"]): ReceiverRules | undefined {
    const hasLists =
      options.exclude ??
      options.exclude_authid ??
      options.exclude_authrole ??
      options.eligible ??
      options.eligible_authid ??
      options.eligible_authrole;
    return hasLists === undefined ? undefined : new ReceiverRules(options);
  }

  /** About as many as the lists take in memory. */
  get octets(): number {
    return octetsOf(this.#ids) + octetsOf(this.#authids) + octetsOf(this.#authroles);
  }

  admits({ id, identity }: RealmSession): boolean {
    return (
      admits(this.#ids, id) &&
      admits(this.#authids, identity.authid) &&
      admits(this.#authroles, identity.authrole)
    );
  }
}

function lists<T>(exclude: readonly T[] | undefined, eligible: readonly T[] | undefined): Lists<T> {
  return { excluded: exclude && new Set(exclude), eligible: eligible && new Set(eligible) };
}

function octetsOf({ excluded, eligible }: Lists<unknown>): number {
  const entries = [...(excluded ?? []), ...(eligible ?? [])];
  return entries.reduce<number>(
    (sum, entry) => sum + ENTRY_OCTETS + (typeof entry === "string" ? entry.length : 0),
    0,
  );
}

function admits<T>({ excluded, eligible }: Lists<T>, attribute: T): boolean {
  return excluded?.has(attribute) !== true && eligible?.has(attribute) !== false;
}

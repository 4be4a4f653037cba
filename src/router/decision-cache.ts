/**
 * The decisions of an authorizer that hold for later requests too.
 *
 * @module
 */

import type { DecisionCacheConfig } from "#config/realm/realm-config.ts";
import type { Decision } from "./authorizer-result.ts";
import type { ActionSubject } from "./requests.ts";
import type { Requester } from "./role.ts";

/** As in Crossbar, but for the limit. */
const AS_IN_CROSSBAR: DecisionCacheConfig = { scope: "role", denials: true, limit: 10_000 };

/** A decision about a longer URI is not kept. */
const MAX_URI = 1_000;

interface KeptDecision {
  readonly decision: Decision;
  /** When it is forgotten, by `performance.now`. */
  readonly until: number;
}

/**
 * Decisions by action, URI and match policy, and by session where they hold for one alone. Deviation: in Crossbar a
 * decision about a URI also holds for the pattern with the same text.
 */
export class DecisionCache {
  readonly #config: DecisionCacheConfig;
  /** The least recently used decision first. */
  readonly #decisions = new Map<string, KeptDecision>();
  /** The keys of the decisions about each session, where they hold for one alone. */
  readonly #keysOf = new Map<number, Set<string>>();

  constructor(config: DecisionCacheConfig = AS_IN_CROSSBAR) {
    this.#config = config;
  }

  /** Under which a decision is kept: requests with one key get the same. */
  keyOf({ id }: Requester, { action, match, uri }: ActionSubject): string {
    // No URI has spaces.
    const key = `${action} ${match} ${uri}`;
    return this.#config.scope === "role" ? key : `${id} ${key}`;
  }

  get(requester: Requester, request: ActionSubject): Decision | undefined {
    if (this.#decisions.size === 0) return undefined;
    const key = this.keyOf(requester, request);
    const kept = this.#decisions.get(key);
    if (kept === undefined) return undefined;
    if (kept.until <= performance.now()) {
      this.#forget(key);
      return undefined;
    }
    this.#decisions.delete(key);
    this.#decisions.set(key, kept);
    return kept.decision;
  }

  /** Keeps a decision if its authorizer wants that. */
  keep(requester: Requester, request: ActionSubject, decision: Decision): void {
    const { ttl = Number.POSITIVE_INFINITY, scope, denials, limit } = this.#config;
    const isKept = decision.cache && (decision.allow || denials);
    if (!isKept || request.uri.length > MAX_URI) return;
    const key = this.keyOf(requester, request);
    this.#decisions.set(key, { decision, until: performance.now() + ttl * 1000 });
    if (scope === "session") this.#keysFor(requester).add(key);
    if (this.#decisions.size <= limit) return;
    const [oldest] = this.#decisions.keys();
    if (oldest !== undefined) this.#forget(oldest);
  }

  /** Forgets the decisions about a session, which is over. */
  left({ id }: Requester): void {
    for (const key of this.#keysOf.get(id) ?? []) this.#decisions.delete(key);
    this.#keysOf.delete(id);
  }

  #keysFor({ id }: Requester): Set<string> {
    const keys = this.#keysOf.get(id) ?? new Set<string>();
    this.#keysOf.set(id, keys);
    return keys;
  }

  #forget(key: string): void {
    this.#decisions.delete(key);
    if (this.#config.scope === "role") return;
    const id = Number(key.slice(0, key.indexOf(" ")));
    const keys = this.#keysOf.get(id);
    keys?.delete(key);
    if (keys?.size === 0) this.#keysOf.delete(id);
  }
}

/**
 * SharedSubscriptions: the subscriptions of a realm on all of its workers, for its meta API.
 *
 * Each worker keeps in the table which patterns it has subscribers of; who they are it is asked for.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import type { KnownPattern, KnownSubscriptions } from "#router/cluster-links.ts";
import type { ListedSession } from "#router/realm-session.ts";
import type { Subscription, SubscriptionMap } from "#router/subscription-map.ts";
import { isMatch, type MatchPolicy } from "#router/uri-match.ts";
import type { ClusterTable } from "./cluster-table.ts";
import { patternKey } from "./hashed-ids.ts";
import type { PeerQuestions } from "./peer-questions.ts";

const PATTERNS = "p";

interface RemotePattern extends KnownPattern {
  created: number;
  readonly members: Set<string>;
}

/** What the subscriptions need of their realm. */
export interface SharedSubscriptionsParts {
  readonly table: ClusterTable;
  readonly questions: PeerQuestions;
  readonly own: SubscriptionMap;
}

/** The subscriptions of one realm. */
export class SharedSubscriptions implements KnownSubscriptions {
  readonly #parts: SharedSubscriptionsParts;
  /** Those of other workers by their ids. */
  readonly #remote = new Map<number, RemotePattern>();
  /** By member and key. */
  readonly #byKey = new Map<string, RemotePattern>();

  constructor(parts: SharedSubscriptionsParts) {
    this.#parts = parts;
    parts.table.on(PATTERNS, (member, key, entry) => {
      if (member === parts.table.member) return;
      if (entry === undefined) this.#remove(member, key);
      else this.#add(member, key, entry.value);
    });
  }

  /** A subscription has a subscriber of this worker. */
  subscribed({ uri, match, created }: Subscription): void {
    this.#parts.table.keep(PATTERNS, patternKey(uri, match), { uri, match, created });
  }

  /** It has none any more. */
  unsubscribed({ uri, match }: Subscription): void {
    this.#parts.table.drop(PATTERNS, patternKey(uri, match));
  }

  /** Whether somebody on another worker has subscribed to it. */
  isElsewhere(id: number): boolean {
    return this.#remote.has(id);
  }

  *all(): Generator<KnownPattern> {
    for (const one of this.#parts.own.all()) yield this.#known(one);
    for (const one of this.#remote.values()) {
      if (this.#parts.own.byId(one.id) === undefined) yield one;
    }
  }

  get(uri: string, match: MatchPolicy): KnownPattern | undefined {
    const { own } = this.#parts;
    return this.byId(own.ids?.idOf(uri, match) ?? 0);
  }

  byId(id: number): KnownPattern | undefined {
    const own = this.#parts.own.byId(id);
    return own === undefined ? this.#remote.get(id) : this.#known(own);
  }

  /** It was made when the first worker had a subscriber. */
  #known({ id, uri, match, created }: Subscription): KnownPattern {
    const first = this.#remote.get(id)?.created ?? created;
    return { id, uri, match, created: Math.min(created, first) };
  }

  matches(topic: string): KnownPattern[] {
    const { own } = this.#parts;
    const others = [...this.#remote.values()].filter(
      ({ id, uri, match }) => own.byId(id) === undefined && isMatch(uri, match, topic),
    );
    return [...own.matches(topic).map((one) => this.#known(one)), ...others];
  }

  /** The subscribers on all workers. */
  async subscribers({ id }: KnownPattern): Promise<number[]> {
    const own = [...(this.#parts.own.byId(id)?.subscribers ?? [])].map((one) => one.id);
    if (!this.#remote.has(id)) return own;
    return [...own, ...(await this.#parts.questions.ask("subscribers", id))];
  }

  /** The subscriptions of a session of another worker. */
  async ofRemote({ id }: ListedSession): Promise<Set<number>> {
    return new Set(await this.#parts.questions.ask("subscriptions", id));
  }

  #add(member: string, key: string, value: unknown): void {
    const { own } = this.#parts;
    if (!isRecord(value) || this.#byKey.has(`${member} ${key}`)) return;
    const { uri, match, created } = value as unknown as KnownPattern;
    const id = own.ids?.idOf(uri, match) ?? 0;
    const known = this.#remote.get(id);
    const pattern = known ?? { id, uri, match, created, members: new Set<string>() };
    pattern.created = Math.min(pattern.created, created);
    pattern.members.add(member);
    this.#remote.set(id, pattern);
    this.#byKey.set(`${member} ${key}`, pattern);
  }

  #remove(member: string, key: string): void {
    const pattern = this.#byKey.get(`${member} ${key}`);
    if (pattern === undefined) return;
    this.#byKey.delete(`${member} ${key}`);
    pattern.members.delete(member);
    if (pattern.members.size === 0) this.#remote.delete(pattern.id);
  }
}

/**
 * HashedIds: the ids of subscriptions and registrations in a cluster. They follow from the pattern, so that all workers
 * give the same without asking each other. Two patterns of a million have the same one with a probability of 1 to 18,000.
 *
 * @module
 */

import { createHash } from "node:crypto";
import type { SharedIds } from "#router/pattern-id.ts";
import type { MatchPolicy } from "#router/uri-match.ts";

interface Pattern {
  readonly id: number;
}

/** The patterns of one kind, `subscription` or `registration`, by their ids. */
export class HashedIds<T extends Pattern> implements SharedIds<T> {
  readonly #kind: string;
  readonly #byId = new Map<number, T>();

  constructor(kind: string) {
    this.#kind = kind;
  }

  /** From 1 to 2^53. */
  idOf(uri: string, match: MatchPolicy): number {
    const digest = createHash("sha256").update(`${this.#kind} ${match} ${uri}`).digest();
    return (digest.readUInt32BE(0) >>> 11) * 2 ** 32 + digest.readUInt32BE(4) + 1;
  }

  get(id: number): T | undefined {
    return this.#byId.get(id);
  }

  add(pattern: T): void {
    this.#byId.set(pattern.id, pattern);
  }

  delete({ id }: T): void {
    this.#byId.delete(id);
  }
}

/** A pattern as one part of a key. */
export function patternKey(uri: string, match: MatchPolicy): string {
  return createHash("sha256").update(`${match} ${uri}`).digest("base64url");
}

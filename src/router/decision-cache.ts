/**
 * The decisions of an authorizer that hold for later requests too.
 *
 * @module
 */

import type { Decision } from "./authorizer-result.ts";
import type { ActionRequest } from "./requests.ts";

/** Most decisions; beyond it, the one that was not used for the longest time is forgotten. */
const MAX_DECISIONS = 10_000;

/** A decision about a longer URI is not kept. */
const MAX_URI = 1_000;

/**
 * Decisions by action, URI and match policy. Deviation: in Crossbar a decision about a URI also holds
 * for the pattern with the same text.
 */
export class DecisionCache {
  /** The least recently used decision first. */
  readonly #decisions = new Map<string, Decision>();

  get(request: ActionRequest): Decision | undefined {
    const key = keyOf(request);
    const decision = this.#decisions.get(key);
    if (decision === undefined) return undefined;
    this.#decisions.delete(key);
    this.#decisions.set(key, decision);
    return decision;
  }

  set(request: ActionRequest, decision: Decision): void {
    if (request.uri.length > MAX_URI) return;
    this.#decisions.set(keyOf(request), decision);
    if (this.#decisions.size <= MAX_DECISIONS) return;
    const [oldest] = this.#decisions.keys();
    if (oldest !== undefined) this.#decisions.delete(oldest);
  }
}

/** No URI has spaces. */
function keyOf({ action, match, uri }: ActionRequest): string {
  return `${action} ${match} ${uri}`;
}

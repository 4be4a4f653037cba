/**
 * Route: the backends of one (realm, authrole), and the order in which sessions use them.
 *
 * @module
 */

import type { BalancingConfig } from "#config/connection/connection-config.ts";
import type { Backend } from "./backend.ts";

/** A backend and the credit that decides its next turn. */
interface Turn {
  backend: Backend;
  credit: number;
}

/** One or several backends that carry the same sessions. */
export class Route {
  readonly #turns: Turn[];
  readonly #policy: BalancingConfig["policy"];

  constructor(backends: readonly Backend[], policy: BalancingConfig["policy"]) {
    this.#turns = backends.map((backend) => ({ backend, credit: 0 }));
    this.#policy = policy;
  }

  /** Whether any of its routers has been reached since the worker was started. */
  get wasReached(): boolean {
    return this.#turns.some(({ backend }) => backend.wasReached);
  }

  /** Whether all have been tried. */
  isExhausted(tried: ReadonlySet<Backend>): boolean {
    return this.#turns.every(({ backend }) => tried.has(backend));
  }

  /**
   * The backend to try next; undefined when all have been tried. Those that are down come last: when
   * no other is left, one of them may have come up unnoticed.
   */
  next(tried: ReadonlySet<Backend>): Backend | undefined {
    const left = this.#turns.filter(({ backend }) => !tried.has(backend));
    const up = left.filter(({ backend }) => backend.isUp);
    const choice = up.length > 0 ? up : left;
    return inTurn(this.#policy === "least_sessions" ? leastLoaded(choice) : choice);
  }
}

/** Those with the fewest sessions, which count as more on a backend with a smaller share. */
function leastLoaded(turns: readonly Turn[]): Turn[] {
  const load = ({ backend }: Turn) => (backend.sessions + 1) / backend.share;
  const least = Math.min(...turns.map(load));
  return turns.filter((turn) => load(turn) <= least);
}

/** Weighted round robin: each backend earns its share; the one with the most credit pays for all. */
function inTurn(turns: readonly Turn[]): Backend | undefined {
  let total = 0;
  let next: Turn | undefined;
  for (const turn of turns) {
    const { share } = turn.backend;
    turn.credit += share;
    total += share;
    if (next === undefined || turn.credit > next.credit) next = turn;
  }
  if (next !== undefined) next.credit -= total;
  return next?.backend;
}

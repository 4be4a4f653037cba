/**
 * Route: the backends of one (realm, authrole), and which of them is next.
 *
 * @module
 */

import type { BalancingConfig } from "#config/node-config.ts";
import type { Backend } from "./backend.ts";

/** A backend and how far it is from its next turn. */
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

  /** Whether any of its routers has ever been there. */
  get wasThere(): boolean {
    return this.#turns.some(({ backend }) => backend.wasThere);
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

/** Those with the fewest sessions, counted as more where a backend is to have a smaller share. */
function leastLoaded(turns: readonly Turn[]): Turn[] {
  const load = ({ backend }: Turn) => (backend.sessions + 1) / backend.share;
  const least = Math.min(...turns.map(load));
  return turns.filter((turn) => load(turn) <= least);
}

/** Takes turns by share: each earns its share with every turn, and who has most pays for all. */
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

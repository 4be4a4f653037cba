/**
 * Route: the backends of one (realm, authrole), and the order in which sessions use them; Failover: the
 * way of one session through them.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { BalancingConfig } from "#config/connection/connection-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
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

/** The backends of a route, each tried once for one session. */
export class Failover {
  readonly #route: Route;
  readonly #tried = new Set<Backend>();
  #lastFailure: Failure | undefined;

  constructor(route: Route) {
    this.#route = route;
  }

  /** Whether any router of the route has been reached since the worker was started. */
  get routerWasReached(): boolean {
    return this.#route.wasReached;
  }

  /** Whether no router is left. */
  get isExhausted(): boolean {
    return this.#route.isExhausted(this.#tried);
  }

  /**
   * The first session that `open` returns for one of the backends left. A Failure from the router's
   * side leads to the next backend; anything else that `open` throws is thrown at once.
   *
   * @throws Failure from the router's side when no backend is left.
   */
  async next<Session>(open: (backend: Backend) => Promise<Session>): Promise<Session> {
    for (
      let backend = this.#route.next(this.#tried);
      backend !== undefined;
      backend = this.#route.next(this.#tried)
    ) {
      this.#tried.add(backend);
      try {
        return await open(backend);
      } catch (thrown) {
        if (!(thrown instanceof Failure && thrown.source === "router")) throw thrown;
        this.#lastFailure = thrown;
      }
    }
    throw this.#failure();
  }

  /** Counts a failure of a router that was reached but did not take the session, and returns it. */
  failed(backend: Backend, reason: string): Failure {
    const failure = connectionFailure(backend, reason);
    backend.failed(failure.message);
    this.#lastFailure = failure;
    return failure;
  }

  /**
   * A router closed the connection or violated the protocol instead of sending WELCOME. This client's
   * HELLO may be the cause, so that the failure is not counted; the router is checked at once.
   */
  lost(backend: Backend, reason: string): void {
    backend.checkNow();
    this.#lastFailure = connectionFailure(backend, reason);
  }

  /** One sentence for all that failed. */
  #failure(): Failure {
    const last = this.#lastFailure;
    if (this.#tried.size === 1 && last !== undefined) return last;
    const reason = last?.message.replace(/^Cannot /, "cannot ");
    const sentence = `Cannot join: none of ${this.#tried.size} routers takes the session; ${reason}`;
    return new Failure(sentence, { source: "router", cause: last });
  }
}

function connectionFailure({ config }: Backend, reason: string): Failure {
  return new Failure(`Cannot join over connection "${config.id}": ${reason}`, {
    source: "router",
    uri: ErrorUri.networkFailure,
  });
}

/**
 * Failover: one session's way through the backends of its route, until one of them takes it.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { Backend } from "./backend.ts";
import type { Route } from "./realm-routes.ts";

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
   * The first session that `open` returns for one of the backends left. A Failure of the router or of its
   * configuration leads to the next backend; anything else that `open` throws is thrown at once.
   *
   * @throws Failure of the same kind as the last one when no backend is left.
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
        if (!isOfBackend(thrown)) throw thrown;
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
    if (this.#tried.size === 0) return allMarkedDown();
    if (this.#tried.size === 1 && last !== undefined) return last;
    const reason = last?.message.replace(/^Cannot /, "cannot ");
    const sentence = `Cannot join: none of ${this.#tried.size} routers takes the session; ${reason}`;
    const { source = "router", uri } = last ?? {};
    return new Failure(sentence, { source, ...(uri !== undefined && { uri }), cause: last });
  }
}

function isOfBackend(thrown: unknown): thrown is Failure {
  return thrown instanceof Failure && (thrown.source === "router" || thrown.source === "config");
}

function allMarkedDown(): Failure {
  return new Failure("Cannot join: every router of the route is marked down", {
    source: "router",
    uri: ErrorUri.networkFailure,
  });
}

function connectionFailure({ config }: Backend, reason: string): Failure {
  return new Failure(`Cannot join over connection "${config.id}": ${reason}`, {
    source: "router",
    uri: ErrorUri.networkFailure,
  });
}

/**
 * RouterSearch: the routers of a route, each tried once for one client that wants to join.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import type { ConnectOptions } from "#transport/peer-connector.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { Backend } from "./backend.ts";
import { type BackendObserver, BackendSession } from "./backend-session.ts";
import type { Route } from "./route.ts";

/** The way from one client to a router that takes its session. */
export class Failover {
  readonly #route: Route;
  readonly #options: ConnectOptions;
  readonly #observer: BackendObserver;
  readonly #tried = new Set<Backend>();
  #lastFailure: Failure | undefined;

  constructor(route: Route, options: ConnectOptions, observer: BackendObserver) {
    this.#route = route;
    this.#options = options;
    this.#observer = observer;
  }

  /** Whether a router of the route has ever been there. */
  get routerWasThere(): boolean {
    return this.#route.wasThere;
  }

  /** Whether no router is left. */
  get isOver(): boolean {
    return this.#route.isExhausted(this.#tried);
  }

  /**
   * Opens a connection to the next router that lets itself be reached; undefined once nobody waits
   * for it any more.
   *
   * @throws Failure from the router's side when none is left.
   */
  async next(isWaitedFor: () => boolean): Promise<BackendSession | undefined> {
    for (
      let backend = this.#route.next(this.#tried);
      backend !== undefined;
      backend = this.#route.next(this.#tried)
    ) {
      this.#tried.add(backend);
      const opened = await this.#open(backend);
      if (!isWaitedFor()) {
        // A connection that nobody waits for says nothing about its router.
        if (opened instanceof BackendSession) opened.leave(false);
        return undefined;
      }
      if (opened instanceof BackendSession) return opened;
      this.#blame(backend, opened);
    }
    throw this.#failure();
  }

  /** A router that was reached did not take the session, for reasons of its own. */
  failed({ backend }: BackendSession, reason: string): void {
    this.#blame(backend, lostFailure(backend, reason));
  }

  /** A router hung up instead of answering HELLO. */
  hungUp({ backend }: BackendSession, reason: string): void {
    backend.hungUp();
    this.#lastFailure = lostFailure(backend, reason);
  }

  async #open(backend: Backend): Promise<BackendSession | Failure> {
    try {
      const session = await BackendSession.open(backend, this.#options, this.#observer);
      return session.isOver ? lostFailure(backend, "it closed the connection at once") : session;
    } catch (thrown) {
      if (thrown instanceof Failure && thrown.source === "router") return thrown;
      throw thrown;
    }
  }

  #blame(backend: Backend, failure: Failure): void {
    backend.failed(failure.message);
    this.#lastFailure = failure;
  }

  /** One sentence for all that failed. */
  #failure(): Failure {
    if (this.#tried.size === 1 && this.#lastFailure !== undefined) return this.#lastFailure;
    const last = sentenceOf(this.#lastFailure).replace(/^Cannot /, "cannot ");
    const sentence = `Cannot join: none of ${this.#tried.size} routers takes the session; ${last}`;
    return new Failure(sentence, { source: "router", cause: this.#lastFailure });
  }
}

function lostFailure({ config }: Backend, reason: string): Failure {
  return new Failure(`Cannot join over connection "${config.id}": ${reason}`, {
    source: "router",
    uri: ErrorUri.networkFailure,
  });
}

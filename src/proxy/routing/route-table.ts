/**
 * RouteTable: which route carries a session of a (realm, authrole).
 *
 * In `routes`, the realm `*` stands for every realm that is not named, and the role `*` for every role
 * that its realm does not name. A named realm never falls back to the realm `*`. Crossbar has no `*`.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { ProxyWorkerConfig } from "#config/node/worker-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { RouterFigures } from "#observe/statistics.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { isLooseUri } from "#wamp/loose-uri.ts";
import { Backend } from "./backend.ts";
import { Route } from "./route.ts";

const ANY = "*";

/** The routes of one proxy worker, and the backends that they lead to. */
export class RouteTable {
  readonly #backends: Map<string, Backend>;
  readonly #routes: Map<string, Map<string, Route>>;
  /** Routes with one backend each, by its id: for transports that name their connection. */
  readonly #single: Map<string, Route>;

  constructor(
    config: Pick<ProxyWorkerConfig, "connections" | "routes" | "balancing">,
    log: Logger,
  ) {
    const { policy = "round_robin", slow_start = 0 } = config.balancing ?? {};
    const context = { log, slowStartMs: slow_start };
    this.#backends = mapValues(
      config.connections,
      (connection) => new Backend(connection, context),
    );
    this.#single = new Map(
      [...this.#backends].map(([id, backend]) => [id, new Route([backend], policy)]),
    );
    this.#routes = mapValues(config.routes, (roles) =>
      mapValues(
        roles,
        (ids) =>
          new Route(
            ids.map((id) => this.#backend(id)),
            policy,
          ),
      ),
    );
  }

  /** The route over one connection alone; a checked configuration has the connection. */
  routeOver(id: string): Route {
    return this.#single.get(id) ?? notConfigured(id);
  }

  /**
   * The route for a session that the proxy has authenticated.
   *
   * @throws Failure from the client's side when no route leads to this realm or authrole.
   */
  routeFor(realm: string, authrole: string): Route {
    const byRole = this.#rolesOf(realm);
    const route = byRole.get(authrole) ?? byRole.get(ANY);
    if (route !== undefined) return route;
    throw new Failure(`Cannot join realm "${realm}" as "${authrole}": no route leads to it`, {
      source: "client",
      uri: ErrorUri.noSuchRole,
    });
  }

  /**
   * The route for a session that its router authenticates: that of role `*`, or else any route of the
   * realm, because a checked configuration has the same backends for all roles then.
   *
   * @throws Failure from the client's side when no route leads to this realm.
   */
  routeForAnyRole(realm: string): Route {
    const byRole = this.#rolesOf(realm);
    return byRole.get(ANY) ?? byRole.values().next().value ?? noSuchRealm(realm);
  }

  /** The routers of the worker, as it sees them now. */
  figures(): RouterFigures[] {
    return [...this.#backends].map(([connection, { health, sessions }]) => ({
      connection,
      health,
      sessions,
    }));
  }

  /** Stops the health checks of all backends. */
  stop(): void {
    for (const backend of this.#backends.values()) backend.stop();
  }

  #rolesOf(realm: string): Map<string, Route> {
    const named = this.#routes.get(realm);
    if (named !== undefined) return named;
    // No router has a realm whose name is not a URI, and some close the connection at such a HELLO.
    const any = isLooseUri(realm) ? this.#routes.get(ANY) : undefined;
    return any ?? noSuchRealm(realm);
  }

  #backend(id: string): Backend {
    return this.#backends.get(id) ?? notConfigured(id);
  }
}

function noSuchRealm(realm: string): never {
  throw new Failure(`Cannot join realm "${realm}": no route leads to it`, {
    source: "client",
    uri: ErrorUri.noSuchRealm,
  });
}

function notConfigured(id: string): never {
  throw new Failure(`Cannot find connection "${id}": it is not configured`, { source: "internal" });
}

function mapValues<T, U>(record: Record<string, T>, change: (value: T) => U): Map<string, U> {
  return new Map(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

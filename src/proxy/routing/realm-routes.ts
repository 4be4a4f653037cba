/**
 * RealmRoutes: which router gets a session of a realm and an authrole.
 *
 * A realm and an authrole have one route, which leads to one or several backends and gives each its turn. In
 * `routes`, the realm `*` stands for every realm that is not named, and the role `*` for every role that its realm
 * does not name. A named realm never falls back to the realm `*`. Crossbar has no `*`.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { withinTime } from "#base/within-time.ts";
import type { BalancingConfig } from "#config/connection/connection-config.ts";
import type { ProxyWorkerConfig } from "#config/node/worker-config.ts";
import type { BackendFacts, BackendName } from "#observe/backend-facts.ts";
import type { Logger } from "#observe/logger.ts";
import type { RouteReach, RouterFigures } from "#observe/statistics.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { isLooseUri } from "#wamp/loose-uri.ts";
import type { Backend } from "./backend.ts";
import { ConnectionBackends } from "./connection-backends.ts";
import { DownMarks } from "./down-marks.ts";

const ANY = "*";

/** A router that cannot be connected to within this time counts as unreachable. */
const REACH_MS = 1_500;

type RoutedConfig = Pick<ProxyWorkerConfig, "connections" | "routes" | "balancing">;

/** The routes of one proxy worker, and the connections that they lead to. */
export class RealmRoutes {
  readonly #connections: Map<string, ConnectionBackends>;
  readonly #routes: Map<string, Map<string, Route>>;
  /** Routes over one connection each, by its id: for transports that name their connection. */
  readonly #single: Map<string, Route>;
  readonly #marks: DownMarks;

  /** Routes and connections that are the same as `before` are those themselves, with what they know of their routers. */
  constructor(config: RoutedConfig, log: Logger, before?: RealmRoutes) {
    const { policy = "round_robin", slow_start = 0 } = config.balancing ?? {};
    this.#marks = before === undefined ? new DownMarks() : before.#marks;
    const context = { log, slowStartMs: slow_start, marks: this.#marks };
    const known = before === undefined ? null : before.#parts();
    const route = (connections: ConnectionBackends[], present: Route | undefined) =>
      present?.is(connections, policy) ? present : new Route(connections, policy);
    this.#connections = mapValues(config.connections, (connection, id) => {
      const present = known?.connections.get(id);
      return present?.is(connection, context)
        ? present
        : new ConnectionBackends(connection, context);
    });
    this.#single = new Map(
      [...this.#connections].map(([id, one]) => [id, route([one], known?.single.get(id))]),
    );
    this.#routes = mapValues(config.routes, (roles, realm) => {
      const present = known?.routes.get(realm);
      return mapValues(roles, (ids, role) => {
        const connections = ids.map((id) => this.#connections.get(id) ?? notConfigured(id));
        return route(connections, present?.get(role));
      });
    });
  }

  /**
   * The route over one connection alone.
   *
   * @throws Failure when there is no such connection any more, for a client that came while there was.
   */
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
    return [...this.#connections.values()].map(({ figures }) => figures);
  }

  /** The same, each address of a host for itself. */
  backends(): BackendFacts[] {
    const connections = [...this.#connections.values()];
    return connections.flatMap(({ current }) => current.map(({ facts }) => facts));
  }

  /** The backends that are marked down from now on, those of the tables before this one included. */
  mark(marks: readonly BackendName[]): void {
    this.#marks.use(marks);
  }

  /** Connects to every router of the routes that is not marked down, to see which can be reached. */
  async reach(): Promise<RouteReach[]> {
    const routes = [...this.#routes].flatMap(([realm, roles]) =>
      [...roles].map(([role, { backends }]) => ({ realm, role, backends })),
    );
    const probed = new Set(routes.flatMap(({ backends }) => backends));
    const reached = new Set<Backend>();
    const probes = [...probed].map(async (backend) => {
      if (backend.isMarkedDown) return;
      if (await backend.probe()) reached.add(backend);
    });
    await withinTime(Promise.all(probes), REACH_MS);
    return routes.map(({ realm, role, backends }) => {
      const marked = backends.filter(({ isMarkedDown }) => isMarkedDown);
      const others = backends.filter(({ isMarkedDown }) => !isMarkedDown);
      return {
        realm,
        role,
        reachable: connectionsOf(others.filter((one) => reached.has(one))),
        unreachable: connectionsOf(others.filter((one) => !reached.has(one))),
        markedDown: connectionsOf(marked),
      };
    });
  }

  /** Stops all connections, but those of a table that is used instead. */
  stop(successor?: RealmRoutes): void {
    const kept = new Set(successor === undefined ? [] : successor.#connections.values());
    for (const connection of this.#connections.values()) {
      if (!kept.has(connection)) connection.stop();
    }
  }

  #parts() {
    return { connections: this.#connections, single: this.#single, routes: this.#routes };
  }

  #rolesOf(realm: string): Map<string, Route> {
    const named = this.#routes.get(realm);
    if (named !== undefined) return named;
    // No router has a realm whose name is not a URI, and some close the connection at such a HELLO.
    const any = isLooseUri(realm) ? this.#routes.get(ANY) : undefined;
    return any ?? noSuchRealm(realm);
  }
}

function connectionsOf(backends: readonly Backend[]): string[] {
  return [...new Set(backends.map(({ config }) => config.id))];
}

function noSuchRealm(realm: string): never {
  throw new Failure(`Cannot join realm "${realm}": no route leads to it`, {
    source: "client",
    uri: ErrorUri.noSuchRealm,
  });
}

function notConfigured(id: string): never {
  throw new Failure(`Cannot join over connection "${id}": it is not configured any more`, {
    source: "config",
    uri: ErrorUri.noSuchRole,
  });
}

function mapValues<T, U>(
  record: Record<string, T>,
  change: (value: T, key: string) => U,
): Map<string, U> {
  return new Map(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}

/** A connection, as a route uses it; its backends may change. */
export interface BackendSource {
  readonly current: readonly Backend[];
  /** Whether any of its routers has been reached since the worker was started. */
  readonly wasReached: boolean;
}

/** One or several backends that carry the same sessions. */
export class Route {
  readonly #sources: readonly BackendSource[];
  readonly #policy: BalancingConfig["policy"];
  /** Decides the next turn; 0 where there is none yet. */
  readonly #credits = new WeakMap<Backend, number>();

  constructor(sources: readonly BackendSource[], policy: BalancingConfig["policy"]) {
    this.#sources = sources;
    this.#policy = policy;
  }

  /** Whether it is that over these connections. */
  is(sources: readonly BackendSource[], policy: BalancingConfig["policy"]): boolean {
    const isSame = (source: BackendSource, index: number) => source === sources[index];
    const { length } = this.#sources;
    return policy === this.#policy && length === sources.length && this.#sources.every(isSame);
  }

  /** Whether any of its routers has been reached since the worker was started. */
  get wasReached(): boolean {
    return this.#sources.some(({ wasReached }) => wasReached);
  }

  /** Whether there is none to try next. */
  isExhausted(tried: ReadonlySet<Backend>): boolean {
    return this.#left(tried).length === 0;
  }

  /**
   * The backend to try next; undefined when all have been tried that are not marked down. Those that are down come
   * last: when no other is left, one of them may have come up unnoticed.
   */
  next(tried: ReadonlySet<Backend>): Backend | undefined {
    const left = this.#left(tried);
    const up = left.filter(({ isUp }) => isUp);
    const choice = up.length > 0 ? up : left;
    return this.#inTurn(this.#policy === "least_sessions" ? leastLoaded(choice) : choice);
  }

  #left(tried: ReadonlySet<Backend>): Backend[] {
    return this.backends.filter((backend) => !tried.has(backend) && !backend.isMarkedDown);
  }

  /** Those of all connections, of which a host with several addresses has several. */
  get backends(): Backend[] {
    return this.#sources.flatMap(({ current }) => current);
  }

  /** Weighted round robin: each backend earns its share; the one with the most credit pays for all. */
  #inTurn(backends: readonly Backend[]): Backend | undefined {
    let total = 0;
    let next: Backend | undefined;
    let most = Number.NEGATIVE_INFINITY;
    for (const backend of backends) {
      const { share } = backend;
      const credit = (this.#credits.get(backend) ?? 0) + share;
      this.#credits.set(backend, credit);
      total += share;
      if (credit > most) [next, most] = [backend, credit];
    }
    if (next !== undefined) this.#credits.set(next, most - total);
    return next;
  }
}

/** Those with the fewest sessions, which count as more on a backend with a smaller share. */
function leastLoaded(backends: readonly Backend[]): Backend[] {
  const load = ({ sessions, share }: Backend) => (sessions + 1) / share;
  const least = Math.min(...backends.map(load));
  return backends.filter((backend) => load(backend) <= least);
}

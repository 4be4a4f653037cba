/**
 * RouteTable: which connection carries a session of a (realm, authrole).
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { ConnectionConfig, ProxyWorkerConfig } from "#config/node-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";

/** The routes of one proxy worker. */
export class RouteTable {
  readonly #connections: ProxyWorkerConfig["connections"];
  readonly #routes = new Map<string, Map<string, { ids: string[]; next: number }>>();

  constructor(config: Pick<ProxyWorkerConfig, "connections" | "routes">) {
    this.#connections = config.connections;
    for (const [realm, roles] of Object.entries(config.routes)) {
      const byRole = Object.entries(roles).map(([role, ids]) => [role, { ids, next: 0 }] as const);
      this.#routes.set(realm, new Map(byRole));
    }
  }

  /** The connection with this id, which the checked configuration is known to have. */
  connectionFor(id: string): ConnectionConfig {
    const connection = this.#connections[id];
    if (connection === undefined) {
      throw new Failure(`Cannot find connection "${id}": it is not configured`, {
        source: "internal",
      });
    }
    return connection;
  }

  /**
   * The connection for the next session; several of one route take turns.
   *
   * @throws Failure from the client's side when nothing leads to this realm or authrole.
   */
  connectionForSession(realm: string, authrole: string): ConnectionConfig {
    const byRole = this.#routes.get(realm);
    if (byRole === undefined) {
      throw new Failure(`Cannot join realm "${realm}": no route leads to it`, {
        source: "client",
        uri: ErrorUri.noSuchRealm,
      });
    }
    const turn = byRole.get(authrole);
    const id = turn?.ids[turn.next % turn.ids.length];
    if (turn === undefined || id === undefined) {
      throw new Failure(`Cannot join realm "${realm}" as "${authrole}": no route leads to it`, {
        source: "client",
        uri: ErrorUri.noSuchRole,
      });
    }
    turn.next += 1;
    return this.connectionFor(id);
  }
}

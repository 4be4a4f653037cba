/**
 * A realm: its sessions and roles, its broker and its dealer.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { RealmConfig } from "#config/realm/realm-config.ts";
import type { Logger } from "#observe/logger.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { isId } from "#wamp/id.ts";
import { AuthorizerRole } from "./authorizer-role.ts";
import { Broker } from "./broker.ts";
import { Dealer } from "./dealer.ts";
import { openInternalSession } from "./internal-session.ts";
import { PermissionRole, TRUSTED } from "./permission.ts";
import type { RealmSession } from "./realm-session.ts";
import type { Role } from "./role.ts";

/** Most questions to authorizers that wait for their answers at once. */
const MAX_QUESTIONS = 10_000;

/** A routing namespace; no message crosses from one realm to another. */
export class Realm {
  readonly name: string;
  readonly broker: Broker;
  readonly dealer: Dealer;
  readonly #log: Logger;
  readonly #roles: Map<string, Role>;
  readonly #sessions = new Map<number, RealmSession>();

  constructor(config: RealmConfig, log: Logger) {
    this.name = config.name;
    this.#log = log;
    this.broker = new Broker();
    this.dealer = new Dealer(log, (procedure, args) => this.#metaProcedure(procedure, args));
    this.#roles = this.#openRoles(config);
  }

  /** How many sessions are joined. */
  get size(): number {
    return this.#sessions.size;
  }

  /**
   * The role of a client; undefined: the realm has none of this name. As in Crossbar, every realm has `trusted`,
   * which may do everything, and `anonymous`, which may do nothing unless it is configured.
   */
  role(name: string): Role | undefined {
    const configured = this.#roles.get(name);
    if (configured !== undefined) return configured;
    if (name === TRUSTED.name) return TRUSTED;
    return name === "anonymous" ? powerless(name) : undefined;
  }

  /** The role of a component, which, as in Crossbar, need not exist: it may do nothing then. */
  componentRole(name: string): Role {
    return this.role(name) ?? powerless(name);
  }

  has(id: number): boolean {
    return this.#sessions.has(id);
  }

  join(session: RealmSession): void {
    this.#sessions.set(session.id, session);
    this.broker.publishMetaEvent("wamp.session.on_join", [sessionDetails(session)]);
  }

  leave(session: RealmSession): void {
    if (!this.#sessions.delete(session.id)) return;
    this.broker.leave(session);
    this.dealer.leave(session);
    const { authid, authrole } = session.identity;
    this.broker.publishMetaEvent("wamp.session.on_leave", [session.id, authid, authrole]);
  }

  #openRoles({ roles }: RealmConfig): Map<string, Role> {
    const options = { role: TRUSTED, log: this.#log, maxRequests: MAX_QUESTIONS };
    const service = openInternalSession(this, options);
    return new Map(
      roles.map(({ name, permissions, authorizer }) => {
        const role =
          authorizer === undefined
            ? new PermissionRole({ name, permissions })
            : new AuthorizerRole(name, authorizer, service, this.#log);
        return [name, role];
      }),
    );
  }

  /** The session meta API of the WAMP specification. */
  #metaProcedure(
    procedure: string,
    args: () => readonly unknown[],
  ): { result: readonly unknown[] } | undefined {
    switch (procedure) {
      case "wamp.session.count":
        return { result: [this.#sessionsWithRoles(args()[0]).length] };
      case "wamp.session.list":
        return { result: [this.#sessionsWithRoles(args()[0]).map((session) => session.id)] };
      case "wamp.session.get": {
        const id = args()[0];
        if (!isId(id)) {
          throw new Failure("Cannot get session: the argument is no session id", {
            source: "client",
            uri: ErrorUri.invalidArgument,
          });
        }
        const session = this.#sessions.get(id);
        if (session !== undefined) return { result: [sessionDetails(session)] };
        throw new Failure(`Cannot get session ${id}: the realm has none with this id`, {
          source: "client",
          uri: ErrorUri.noSuchSession,
        });
      }
      default:
        return undefined;
    }
  }

  /** All sessions, or those with one of these roles. */
  #sessionsWithRoles(roles: unknown): RealmSession[] {
    const all = [...this.#sessions.values()];
    if (!Array.isArray(roles)) return all;
    const names = new Set<unknown>(roles);
    return all.filter(({ role }) => names.has(role.name));
  }
}

/** A role without a permission. */
function powerless(name: string): Role {
  return new PermissionRole({ name, permissions: [] });
}

function sessionDetails(session: RealmSession): Record<string, unknown> {
  const { authid, authrole, authmethod, authprovider } = session.identity;
  const transport = session.transport();
  return { session: session.id, authid, authrole, authmethod, authprovider, transport };
}

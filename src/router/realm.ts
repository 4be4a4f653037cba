/**
 * A realm: its sessions and roles, its broker and its dealer.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { RealmConfig, RoleConfig } from "#config/realm/realm-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { OutgoingRequests } from "#session/outgoing-requests.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { isId } from "#wamp/id.ts";
import { AuthorizerRole } from "./authorizer-role.ts";
import { Broker } from "./broker.ts";
import { ConfiguredRole } from "./configured-role.ts";
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
  readonly #service: OutgoingRequests;
  /** Those that a session has had. */
  readonly #roles = new Map<string, ConfiguredRole>();
  /** The configuration of each role that has one. */
  #configs: ReadonlyMap<string, RoleConfig> = new Map();
  readonly #sessions = new Map<number, RealmSession>();

  constructor(config: RealmConfig, log: Logger) {
    this.name = config.name;
    this.#log = log;
    this.broker = new Broker();
    this.dealer = new Dealer(log, (procedure, args) => this.#metaProcedure(procedure, args));
    const options = { role: TRUSTED, log, maxRequests: MAX_QUESTIONS };
    this.#service = openInternalSession(this, options);
    this.configure(config);
  }

  /** Sets the roles, also for sessions that have joined: those of a role that is removed may do nothing more. */
  configure({ roles }: RealmConfig): void {
    const before = this.#configs;
    this.#configs = new Map(roles.map((role) => [role.name, role]));
    for (const [name, role] of this.#roles) {
      if (Bun.deepEquals(this.#configs.get(name), before.get(name))) continue;
      role.replaceRules(this.#rulesOf(name));
    }
  }

  /** Ends every session: the realm is removed. */
  close(): void {
    for (const session of [...this.#sessions.values()]) session.goodbye(ErrorUri.closeRealm);
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
    const isKnown = this.#configs.has(name) || name === TRUSTED.name || name === "anonymous";
    return isKnown ? this.componentRole(name) : undefined;
  }

  /** The role of a component, which, as in Crossbar, need not exist: it may do nothing then. */
  componentRole(name: string): Role {
    const known = this.#roles.get(name);
    if (known !== undefined) return known;
    const role = new ConfiguredRole(name, this.#rulesOf(name));
    this.#roles.set(name, role);
    return role;
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

  #rulesOf(name: string): PermissionRole | AuthorizerRole {
    const config = this.#configs.get(name);
    if (config === undefined && name === TRUSTED.name) return TRUSTED;
    const { permissions = [], authorizer } = config ?? {};
    return authorizer === undefined
      ? new PermissionRole({ name, permissions })
      : new AuthorizerRole(name, authorizer, this.#service, this.#log);
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

function sessionDetails(session: RealmSession): Record<string, unknown> {
  const { authid, authrole, authmethod, authprovider } = session.identity;
  const transport = session.transport();
  return { session: session.id, authid, authrole, authmethod, authprovider, transport };
}

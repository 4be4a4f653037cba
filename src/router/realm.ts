/**
 * A realm: its sessions and roles, its broker and its dealer.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { RealmConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { isId } from "#wamp/id.ts";
import { Broker } from "./broker.ts";
import { Dealer } from "./dealer.ts";
import type { Member } from "./member.ts";
import { Role } from "./permission.ts";

/** A routing space of its own; nothing crosses from one realm to another. */
export class Realm {
  readonly name: string;
  readonly broker: Broker;
  readonly dealer: Dealer;
  readonly #log: Logger;
  readonly #roles: Map<string, Role>;
  readonly #members = new Map<number, Member>();

  constructor(config: RealmConfig, log: Logger) {
    this.name = config.name;
    this.#log = log;
    this.#roles = new Map(config.roles.map((role) => [role.name, new Role(role)]));
    this.broker = new Broker(log);
    this.dealer = new Dealer(log, (procedure, args) => this.#sessionMeta(procedure, args));
  }

  /** How many sessions are joined. */
  get size(): number {
    return this.#members.size;
  }

  role(name: string): Role | undefined {
    return this.#roles.get(name);
  }

  has(id: number): boolean {
    return this.#members.has(id);
  }

  join(member: Member): void {
    this.#members.set(member.id, member);
    this.broker.publishOwn("wamp.session.on_join", [sessionDetails(member)]);
    this.#log.debug("session joined", { realm: this.name, session: member.id });
  }

  leave(member: Member): void {
    if (!this.#members.delete(member.id)) return;
    this.broker.leave(member);
    this.dealer.leave(member);
    const { authid, authrole } = member.identity;
    this.broker.publishOwn("wamp.session.on_leave", [member.id, authid, authrole]);
    this.#log.debug("session left", { realm: this.name, session: member.id });
  }

  #sessionMeta(
    procedure: string,
    args: () => readonly unknown[],
  ): { result: readonly unknown[] } | undefined {
    switch (procedure) {
      case "wamp.session.count":
        return { result: [this.#ofRoles(args()[0]).length] };
      case "wamp.session.list":
        return { result: [this.#ofRoles(args()[0]).map((member) => member.id)] };
      case "wamp.session.get": {
        const id = args()[0];
        if (!isId(id)) {
          throw new Failure("Cannot get session: the argument is no session id", {
            source: "client",
            uri: ErrorUri.invalidArgument,
          });
        }
        const member = this.#members.get(id);
        if (member !== undefined) return { result: [sessionDetails(member)] };
        throw new Failure(`Cannot get session ${id}: the realm has none with this id`, {
          source: "client",
          uri: ErrorUri.noSuchSession,
        });
      }
      default:
        return undefined;
    }
  }

  #ofRoles(roles: unknown): Member[] {
    const all = [...this.#members.values()];
    return Array.isArray(roles) ? all.filter(({ role }) => roles.includes(role.name)) : all;
  }
}

function sessionDetails(member: Member): Record<string, unknown> {
  const { authid, authrole, authmethod, authprovider, authextra } = member.identity;
  // How the client of a proxy came in, as the proxy says it.
  const { transport } = authextra as { transport?: unknown };
  const vouched = transport === undefined ? {} : { transport };
  return { session: member.id, authid, authrole, authmethod, authprovider, ...vouched };
}

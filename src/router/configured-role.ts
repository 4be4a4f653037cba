/**
 * ConfiguredRole: a role of a realm, whose rules another configuration replaces. They hold at once for sessions that
 * have joined.
 *
 * @module
 */

import type { ActionRequest } from "./requests.ts";
import type { Authorization, KeptAction, PendingAuthorization, Requester, Role } from "./role.ts";

/** The rules of a role. */
type RoleRules = Pick<Role, "authorize" | "permitsMatch" | "asksAuthorizer">;

/** A role by its name. */
export class ConfiguredRole implements Role {
  readonly name: string;
  #rules: RoleRules;
  #wereReplaced = false;

  constructor(name: string, rules: RoleRules) {
    this.name = name;
    this.#rules = rules;
  }

  /** What was subscribed to and registered before is looked at again. */
  replaceRules(rules: RoleRules): void {
    this.#rules = rules;
    this.#wereReplaced = true;
  }

  get asksAuthorizer(): boolean {
    return this.#rules.asksAuthorizer;
  }

  authorize(requester: Requester, request: ActionRequest): Authorization | PendingAuthorization {
    return this.#rules.authorize(requester, request);
  }

  permitsMatch(action: KeptAction, uri: string): boolean {
    return this.#rules.permitsMatch(action, uri);
  }

  permitsExact(action: KeptAction, uri: string): boolean {
    return !this.#wereReplaced || this.#rules.permitsMatch(action, uri);
  }
}

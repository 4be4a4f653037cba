/**
 * ConfiguredRole: a role of a realm, whose rules another configuration replaces. They hold at once for sessions that
 * have joined.
 *
 * @module
 */

import type { ActionRequest } from "./requests.ts";
import type { Authorization, KeptAction, PendingAuthorization, Requester, Role } from "./role.ts";

/** The rules of a role. */
interface RoleRules extends Pick<Role, "authorize" | "permitsMatch" | "asksAuthorizer" | "left"> {
  /** Forgets all that was decided; absent: nothing is kept. */
  forgetDecisions?(): void;
}

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

  /** The rules stay, and what was decided by them is decided again. */
  forgetDecisions(): void {
    this.#rules.forgetDecisions?.();
  }

  left(requester: Requester): void {
    this.#rules.left?.(requester);
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

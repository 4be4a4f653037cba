/**
 * Roles and their permissions by URI. An action without a permission is denied.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { PermissionConfig, RoleConfig } from "#config/node-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { UriPatternMap } from "./uri-match.ts";

/** An action that a permission allows or denies. */
export type Action = keyof PermissionConfig["allow"];

/** A role of a realm with its permissions. */
export class Role {
  readonly name: string;
  readonly #permissions = new UriPatternMap<PermissionConfig>();

  constructor(config: RoleConfig) {
    this.name = config.name;
    for (const permission of config.permissions) {
      this.#permissions.set(permission.uri, permission.match, permission);
    }
  }

  /** Whether the role may perform the action; only the best match counts. */
  allows(action: Action, uri: string): boolean {
    return this.#best(uri)?.allow[action] === true;
  }

  /**
   * Checks that the role may perform the action.
   *
   * @throws Failure (`wamp.error.not_authorized`) when it may not.
   */
  demand(action: Action, uri: string): void {
    if (this.allows(action, uri)) return;
    throw new Failure(`Cannot ${action} "${uri}": role "${this.name}" is not permitted to`, {
      source: "client",
      uri: ErrorUri.notAuthorized,
    });
  }

  /** Whether callees or subscribers always see the identity of callers or publishers of this role. */
  discloses(side: "caller" | "publisher", uri: string): boolean {
    return this.#best(uri)?.disclose[side] === true;
  }

  #best(uri: string): PermissionConfig | undefined {
    return this.#permissions.matches(uri).next().value;
  }
}

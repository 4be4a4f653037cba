/**
 * What the sessions of a role may do, by URI. What no permission names is denied.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { PermissionConfig, RoleConfig } from "#config/node-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { UriPatternMap } from "./uri-match.ts";

/** An action that a permission allows or denies. */
export type Action = keyof PermissionConfig["allow"];

/** A role of a realm with its permissions, ready to be asked. */
export class Role {
  readonly name: string;
  readonly #permissions = new UriPatternMap<PermissionConfig>();

  constructor(config: RoleConfig) {
    this.name = config.name;
    for (const permission of config.permissions) {
      this.#permissions.set(permission.uri, permission.match, permission);
    }
  }

  /** Whether the role may do this; the best match alone decides. */
  allows(action: Action, uri: string): boolean {
    return this.#best(uri)?.allow[action] === true;
  }

  /** Refuses what the role may not do. */
  demand(action: Action, uri: string): void {
    if (this.allows(action, uri)) return;
    throw new Failure(`Cannot ${action} "${uri}": role "${this.name}" is not permitted to`, {
      source: "client",
      uri: ErrorUri.notAuthorized,
    });
  }

  /** Whether callers or publishers of this role are made known to whom they reach, asked or not. */
  discloses(side: "caller" | "publisher", uri: string): boolean {
    return this.#best(uri)?.disclose[side] === true;
  }

  #best(uri: string): PermissionConfig | undefined {
    return this.#permissions.matches(uri).next().value;
  }
}

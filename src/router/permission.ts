/**
 * Roles with permissions by URI. An action without a permission is denied.
 *
 * @module
 */

import type { PermissionConfig, RoleConfig } from "#config/realm/realm-config.ts";
import type { ActionRequest } from "./requests.ts";
import {
  type Action,
  type Authorization,
  DISCLOSED,
  notAuthorized,
  type Requester,
  type Role,
  UNDISCLOSED,
} from "./role.ts";
import { UriPatternMap } from "./uri-pattern-map.ts";

/**
 * A role of a realm with its permissions; only the best match of a URI counts. As in Crossbar that is the exact one,
 * then a wildcard, then the longest prefix: unlike a call or an event, for which prefixes go before wildcards.
 */
export class PermissionRole implements Role {
  readonly name: string;
  readonly asksAuthorizer = false;
  readonly #permissions = new UriPatternMap<PermissionConfig>();

  constructor(config: Pick<RoleConfig, "name" | "permissions">) {
    this.name = config.name;
    for (const permission of config.permissions) {
      const before = this.#permissions.get(permission.uri, permission.match);
      if (before !== undefined) this.#permissions.delete(before);
      this.#permissions.add(permission);
    }
  }

  authorize(_requester: Requester, request: ActionRequest): Authorization {
    const permission = this.#best(request.uri);
    if (permission?.allow[request.action] !== true) throw notAuthorized(this.name, request);
    const { caller, publisher } = permission.disclose;
    const discloses = request.action === "call" ? caller : publisher;
    return discloses ? DISCLOSED : UNDISCLOSED;
  }

  permitsMatch(action: Action, uri: string): boolean {
    return this.#best(uri)?.allow[action] === true;
  }

  permitsExact(): boolean {
    return true;
  }

  #best(uri: string): PermissionConfig | undefined {
    return (
      this.#permissions.get(uri, "exact") ??
      this.#permissions.wildcards(uri)[0] ??
      this.#permissions.prefixes(uri)[0]
    );
  }
}

/** The role that every realm has, with every permission. As in Crossbar, its calls and publications are disclosed. */
export const TRUSTED = new PermissionRole({
  name: "trusted",
  permissions: [
    {
      uri: "",
      match: "prefix",
      allow: { call: true, register: true, publish: true, subscribe: true },
      disclose: { caller: true, publisher: true },
    },
  ],
});

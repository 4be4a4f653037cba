/**
 * AssignedIdentity: the join of a component of the router's own worker, which proves nothing.
 *
 * The component is connected over a descriptor that only its process has, so that the router assigns
 * the identity of node.json, whatever HELLO asks for.
 *
 * @module
 */

import { asRecord } from "#base/record.ts";
import type { Authentication } from "./authentication.ts";
import type { AuthOutcome } from "./pending-auth.ts";
import type { SessionIdentity } from "./session-identity.ts";

/** Takes the place of an Authentication. */
export class AssignedIdentity
  implements Pick<Authentication, "clientRoles" | "hello" | "authenticate" | "welcomed">
{
  clientRoles: Record<string, unknown> = {};
  readonly #identity: SessionIdentity;

  constructor(identity: SessionIdentity) {
    this.#identity = identity;
  }

  async hello(message: readonly unknown[]): Promise<AuthOutcome> {
    this.clientRoles = asRecord(asRecord(message[2])["roles"]);
    return { kind: "accept", identity: this.#identity };
  }

  /** No CHALLENGE is ever sent. */
  authenticate(): Promise<AuthOutcome> {
    return this.hello([]);
  }

  welcomed(): void {}
}

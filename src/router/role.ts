/**
 * Role: decides which actions its sessions may perform.
 *
 * @module
 */

import type { SessionIdentity } from "#auth/session-identity.ts";
import { Failure } from "#base/failure.ts";
import type { PermissionConfig } from "#config/realm/realm-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { ActionRequest, ActionSubject } from "./requests.ts";

/** An action that a role permits or denies. */
export type Action = keyof PermissionConfig["allow"];

/** A permitted action. */
export interface Authorization {
  /** Whether callees or subscribers see the identity of the caller or publisher. */
  readonly discloses: boolean;
}

/** A permitted action of a session that stays unknown to others. */
export const UNDISCLOSED: Authorization = { discloses: false };

/** A permitted action of a session that others see. */
export const DISCLOSED: Authorization = { discloses: true };

/** An action about which an authorizer has not answered yet. */
export interface PendingAuthorization {
  /** Rejects with a Failure when the action is denied. */
  readonly outcome: Promise<Authorization>;
  /** Cancels the call of the authorizer; `outcome` rejects. */
  cancel(): void;
}

/** The session that requests an action. */
export interface Requester {
  readonly id: number;
  readonly identity: SessionIdentity;
  /** Its transport details, which its proxy states if it has one. */
  transport(): unknown;
}

/** The actions for which a pattern is kept. */
export type KeptAction = "subscribe" | "register";

/** A role of a realm. */
export interface Role {
  readonly name: string;
  /** Whether an authorizer decides, which is called on the realm. */
  readonly asksAuthorizer: boolean;
  /**
   * Authorizes a request.
   *
   * @throws Failure (`wamp.error.not_authorized`) when it is denied at once.
   */
  authorize(requester: Requester, request: ActionRequest): Authorization | PendingAuthorization;
  /**
   * Whether a topic or procedure may be reached through a pattern for which the action was permitted.
   */
  permitsMatch(action: KeptAction, uri: string): boolean;
  /** Whether a topic or procedure may be reached for which exactly the action was permitted. */
  permitsExact(action: KeptAction, uri: string): boolean;
  /** Forgets what was decided about a session, which has left; absent: nothing is kept. */
  left?(requester: Requester): void;
}

/** The failure of a request that a role denies. */
export function notAuthorized(role: string, { action, uri }: ActionSubject): Failure {
  return new Failure(`Cannot ${action} "${uri}": role "${role}" is not permitted to`, {
    source: "client",
    uri: ErrorUri.notAuthorized,
  });
}

/**
 * RequestAccess: with what right a request for a path acts; and PathAccess, which finds it out.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { PathRoleConfig } from "#config/web-service/path-auth-config.ts";
import type { ReadableFields } from "#transport/http/header-fields.ts";
import type { BridgeAnswer } from "#transport/web/bridge/bridge-answer.ts";
import type { WampPrincipal } from "#wamp/wamp-caller.ts";

/** The right of one request. */
export interface RequestAccess {
  role: string;
  /** The client; absent: the worker acts in its own name. */
  principal?: WampPrincipal;
  /** When it ends, in milliseconds since 1970; absent: never. */
  until?: number;
  /** Whether it has not been withdrawn before; absent: it cannot be. */
  holds?: () => boolean;
  /** The answer where the realm has no such role; absent: that is no fault of the client. */
  roleRefusal?: BridgeAnswer;
}

/** Lets requests act, or refuses them. */
export interface PathAccess {
  /** The refusal that follows from the head, without asking what its token says; null: there is none. */
  answerToHead(headers: ReadableFields): BridgeAnswer | null;
  /** The right of a request that was not refused; `takesCookie`: its cookie may stand for a login. */
  admit(
    headers: ReadableFields,
    takesCookie: boolean,
  ): RequestAccess | Promise<RequestAccess | BridgeAnswer>;
  /** Stops work in the background. */
  close(): void;
}

/** Whether a request was refused. */
export function isRefusal(outcome: RequestAccess | BridgeAnswer): outcome is BridgeAnswer {
  return "status" in outcome;
}

/** The access to a path without `auth`: all requests act with its role. */
export function accessForAll({ role, auth }: PathRoleConfig): PathAccess {
  if (auth !== undefined) {
    const sentence = "Cannot open a path: its authentication was not opened";
    throw new Failure(sentence, { source: "internal" });
  }
  return { answerToHead: () => null, admit: () => ({ role }), close() {} };
}

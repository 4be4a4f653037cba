/**
 * MqttSessions: the sessions of the MQTT clients of a worker, by their client ids. A client that comes with the id of
 * another connection takes its place, and a session that was kept for it.
 *
 * Client ids are told apart by realm, role and authid, so that no client takes the place of another user.
 *
 * @module
 */

import type { SessionConfig } from "#config/options/session-config.ts";

/** A session that another connection may end. */
export interface StoredSession {
  /** Whether its client is away. */
  readonly isAway: boolean;
  /** Another session has its client id from now on. */
  onReplaced(): void;
}

/** The sessions of one worker. */
export class MqttSessions<S extends StoredSession> {
  readonly #byKey = new Map<string, S>();
  #away = 0;

  /** The session with this key. */
  find(key: string): S | undefined {
    return this.#byKey.get(key);
  }

  /** Puts a session in the place of another one with its key, which ends. */
  put(key: string, session: S): void {
    const before = this.#byKey.get(key);
    this.#byKey.set(key, session);
    if (before !== session) before?.onReplaced();
  }

  /** A session has ended. */
  remove(key: string, session: S): void {
    if (this.#byKey.get(key) === session) this.#byKey.delete(key);
  }

  /** Takes a place for a session whose client is away; false: `most` of them are kept. */
  keep(most: number): boolean {
    if (this.#away >= most) return false;
    this.#away += 1;
    return true;
  }

  /** A session that was kept has its client again, or has ended. */
  unkeep(): void {
    this.#away -= 1;
  }
}

/**
 * The key of a client id of a user. With the type `static`, anonymous clients have the same user or another authid each
 * time; whom another type lets in may be somebody.
 */
export function clientKey(
  clientId: string,
  identity: { realm: unknown; authid: unknown; authrole: unknown; authmethod: unknown },
  auth: SessionConfig["auth"],
): string {
  const { realm, authid, authrole, authmethod } = identity;
  const isNobody =
    authmethod === "anonymous" && auth !== "passthrough" && auth.anonymous?.type === "static";
  return JSON.stringify([realm, authrole, isNobody ? null : authid, authmethod, clientId]);
}

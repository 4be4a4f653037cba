/**
 * The registrations of a realm, and the choice of a shared registration's callee.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { randomId } from "#wamp/id.ts";
import type { InvokePolicy } from "./message-options.ts";
import type { RealmSession } from "./realm-session.ts";
import { type PatternLimits, SessionPatterns } from "./session-patterns.ts";
import { type MatchPolicy, UriPatternMap } from "./uri-match.ts";

/** A pattern and its callees, in the order of their registration. */
export interface Registration {
  readonly id: number;
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly invoke: InvokePolicy;
  readonly callees: RealmSession[];
  /** Number of invocations so far, for `roundrobin`. */
  turn: number;
}

/** Registrations by pattern, by id and by session. */
export class RegistrationMap {
  readonly #byPattern = new UriPatternMap<Registration>();
  readonly #byId = new Map<number, Registration>();
  readonly #bySession: SessionPatterns<Registration>;

  constructor(limits?: PatternLimits) {
    this.#bySession = new SessionPatterns("register", limits);
  }

  /**
   * Adds a callee; adding it again to a shared registration changes nothing.
   *
   * @throws Failure when the pattern is registered, unless both share it with the same policy, and when the
   * callee has too many registrations.
   */
  add(callee: RealmSession, uri: string, match: MatchPolicy, invoke: InvokePolicy): Registration {
    let registration = this.#byPattern.get(uri, match);
    if (registration !== undefined && (invoke === "single" || registration.invoke !== invoke)) {
      throw new Failure(
        `Cannot register "${uri}": it is already registered with invoke ${registration.invoke}`,
        {
          source: "client",
          // As in Crossbar: a callee with the policy of the others could share the registration.
          uri:
            registration.invoke === "single"
              ? ErrorUri.procedureAlreadyExists
              : ErrorUri.procedureExistsWithDifferentInvocationPolicy,
        },
      );
    }
    if (registration?.callees.includes(callee)) return registration;
    this.#bySession.refuseTooMany(callee, uri);
    if (registration === undefined) {
      registration = { id: randomId(), uri, match, invoke, callees: [], turn: 0 };
      this.#byPattern.set(uri, match, registration);
      this.#byId.set(registration.id, registration);
    }
    registration.callees.push(callee);
    this.#bySession.add(callee, registration);
    return registration;
  }

  /** Removes a callee; false: it has no registration with this id. */
  remove(callee: RealmSession, id: number): boolean {
    const registration = this.#byId.get(id);
    if (!registration?.callees.includes(callee)) return false;
    this.#bySession.delete(callee, registration);
    this.#drop(callee, registration);
    return true;
  }

  removeAll(callee: RealmSession): void {
    for (const registration of this.#bySession.take(callee)) this.#drop(callee, registration);
  }

  matches(procedure: string): Registration[] {
    return [...this.#byPattern.matches(procedure)];
  }

  #drop(callee: RealmSession, registration: Registration): void {
    registration.callees.splice(registration.callees.indexOf(callee), 1);
    if (registration.callees.length > 0) return;
    this.#byPattern.delete(registration.uri, registration.match);
    this.#byId.delete(registration.id);
  }
}

/** Chooses the callee of a call, among those that are permitted. */
export function chooseCallee(
  registration: Registration,
  isPermitted: (callee: RealmSession) => boolean,
): RealmSession | undefined {
  const callees = registration.callees.filter(isPermitted);
  switch (registration.invoke) {
    case "single":
    case "first":
      return callees[0];
    case "last":
      return callees.at(-1);
    case "roundrobin":
      return callees[registration.turn % Math.max(callees.length, 1)];
    case "random":
      return callees[Math.floor(Math.random() * callees.length)];
  }
}

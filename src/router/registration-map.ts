/**
 * The registrations of a realm, and which of a shared registration's callees is next.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { randomId } from "#wamp/id.ts";
import type { Member } from "./member.ts";
import { type MatchPolicy, UriPatternMap } from "./uri-match.ts";

/** How the callee of a registration is chosen, in the words of the WAMP option `invoke`. */
export type InvokePolicy = "single" | "first" | "last" | "roundrobin" | "random";

/** A pattern and its callees, in the order in which they registered. */
export interface Registration {
  readonly id: number;
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly invoke: InvokePolicy;
  readonly callees: Member[];
  /** Counts the calls, for the round robin. */
  turn: number;
}

/** Registrations by pattern, by id and by member. */
export class RegistrationMap {
  readonly #byPattern = new UriPatternMap<Registration>();
  readonly #byId = new Map<number, Registration>();
  readonly #byMember = new Map<Member, Set<Registration>>();

  /** Adds a callee, if the pattern is free or shared by the same policy. */
  add(member: Member, uri: string, match: MatchPolicy, invoke: InvokePolicy): Registration {
    let registration = this.#byPattern.get(uri, match);
    if (registration === undefined) {
      registration = { id: randomId(), uri, match, invoke, callees: [], turn: 0 };
      this.#byPattern.set(uri, match, registration);
      this.#byId.set(registration.id, registration);
    } else if (
      invoke === "single" ||
      registration.invoke !== invoke ||
      registration.callees.includes(member)
    ) {
      throw new Failure(
        `Cannot register "${uri}": it is already registered with invoke ${registration.invoke}`,
        { source: "client", uri: ErrorUri.procedureAlreadyExists },
      );
    }
    registration.callees.push(member);
    const own = this.#byMember.get(member) ?? new Set();
    own.add(registration);
    this.#byMember.set(member, own);
    return registration;
  }

  /** Removes a callee; false when it had no registration with this id. */
  remove(member: Member, id: number): boolean {
    const registration = this.#byId.get(id);
    if (!registration?.callees.includes(member)) return false;
    this.#byMember.get(member)?.delete(registration);
    this.#drop(member, registration);
    return true;
  }

  removeAll(member: Member): void {
    for (const registration of this.#byMember.get(member) ?? []) this.#drop(member, registration);
    this.#byMember.delete(member);
  }

  matches(procedure: string): Registration[] {
    return [...this.#byPattern.matches(procedure)];
  }

  #drop(member: Member, registration: Registration): void {
    registration.callees.splice(registration.callees.indexOf(member), 1);
    if (registration.callees.length > 0) return;
    this.#byPattern.delete(registration.uri, registration.match);
    this.#byId.delete(registration.id);
  }
}

/** The callee that a call goes to, among those that may take it. */
export function chooseCallee(
  registration: Registration,
  mayTake: (callee: Member) => boolean,
): Member | undefined {
  const callees = registration.callees.filter(mayTake);
  switch (registration.invoke) {
    case "single":
    case "first":
      return callees[0];
    case "last":
      return callees.at(-1);
    case "roundrobin": {
      const callee = callees[registration.turn % Math.max(callees.length, 1)];
      registration.turn += 1;
      return callee;
    }
    case "random":
      return callees[Math.floor(Math.random() * callees.length)];
  }
}

/**
 * The registrations of a realm, by pattern, by id and by session.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { InvokePolicy } from "./message-options.ts";
import { idAt, placeOf, type SharedIds } from "./pattern-id.ts";
import type { RealmSession } from "./realm-session.ts";
import { type PatternLimits, SessionPatterns } from "./session-patterns.ts";
import type { MatchPolicy } from "./uri-match.ts";
import { UriPatternMap } from "./uri-pattern-map.ts";

/** A callee of a registration. */
export interface Endpoint {
  readonly registration: Registration;
  readonly session: RealmSession;
  /** Most invocations that it performs at once; undefined: any number. */
  concurrency: number | undefined;
  /** Whether it ends by itself what takes too long. */
  handlesTimeout: boolean;
  /** How many invocations wait for its answers. */
  pending: number;
}

/** A pattern and its callees, in the order of their registration. */
export interface Registration {
  readonly id: number;
  readonly uri: string;
  readonly match: MatchPolicy;
  readonly invoke: InvokePolicy;
  /** When, in milliseconds of the epoch. */
  readonly created: number;
  readonly callees: Endpoint[];
  /** Number of invocations so far, for `roundrobin`. */
  turn: number;
  /** Called when a callee may have become free, comes or goes; undefined: no call waits for one. */
  onFree?: (() => void) | undefined;
}

/** What a callee asks for. */
export type EndpointOptions = Partial<Pick<Endpoint, "concurrency" | "handlesTimeout">>;

/** What came of a REGISTER. */
export interface Added {
  readonly registration: Registration;
  /** Whether there was no such registration before. */
  readonly isNew: boolean;
  /** Whether the callee had it already. */
  readonly isRepeated: boolean;
}

/** Registrations by pattern, by id and by session. */
export class RegistrationMap {
  readonly #byPattern = new UriPatternMap<Registration>();
  readonly #bySession: SessionPatterns<Registration>;
  /** Undefined: a registration has an id of this router's own. */
  ids: SharedIds<Registration> | undefined;

  constructor(limits?: PatternLimits) {
    this.#bySession = new SessionPatterns("register", this, limits);
  }

  /**
   * Adds a callee; adding it again with the same policy changes what it asks for.
   *
   * @throws Failure when the pattern is registered, unless both share it with the same policy, and when the
   * callee has too many registrations.
   */
  add(
    session: RealmSession,
    uri: string,
    match: MatchPolicy,
    invoke: InvokePolicy,
    { concurrency, handlesTimeout = false }: EndpointOptions = {},
    created = Date.now(),
  ): Added {
    let registration = this.#byPattern.get(uri, match);
    const known = registration?.callees.find((one) => one.session === session);
    if (registration !== undefined) refuseConflict(registration, invoke, known !== undefined);
    if (registration !== undefined && known !== undefined) {
      known.concurrency = concurrency;
      known.handlesTimeout = handlesTimeout;
      registration.onFree?.();
      return { registration, isNew: false, isRepeated: true };
    }
    this.refuseTooMany(session, uri);
    const isNew = registration === undefined;
    if (registration === undefined) {
      registration = {
        id: this.ids?.idOf(uri, match) ?? idAt(this.#byPattern.nextPlace),
        uri,
        match,
        invoke,
        created,
        callees: [],
        turn: 0,
      };
      this.#byPattern.add(registration);
      this.ids?.add(registration);
    }
    registration.callees.push({ registration, session, concurrency, handlesTimeout, pending: 0 });
    registration.onFree?.();
    this.#bySession.add(session, registration);
    return { registration, isNew, isRepeated: false };
  }

  /**
   * Refuses a further registration of a callee that has too many.
   *
   * @throws Failure (`wamp.error.unavailable`).
   */
  refuseTooMany(session: RealmSession, uri: string): void {
    this.#bySession.refuseTooMany(session, uri);
  }

  /** The registration of exactly this pattern. */
  get(uri: string, match: MatchPolicy): Registration | undefined {
    return this.#byPattern.get(uri, match);
  }

  byId(id: number): Registration | undefined {
    if (this.ids !== undefined) return this.ids.get(id);
    const registration = this.#byPattern.at(placeOf(id));
    return registration?.id === id ? registration : undefined;
  }

  all(): Iterable<Registration> {
    return this.#byPattern.values();
  }

  /** The registration of a session with this id. */
  ofSession(session: RealmSession, id: number): Registration | undefined {
    const registration = this.byId(id);
    return registration !== undefined && hasCallee(registration, session)
      ? registration
      : undefined;
  }

  /** Whether a session has any registration. */
  hasAny(session: RealmSession): boolean {
    return this.#bySession.has(session);
  }

  /** Removes a callee, and the registration with its last one; undefined: it has no registration with this id. */
  remove(session: RealmSession, id: number): Registration | undefined {
    const registration = this.ofSession(session, id);
    if (registration === undefined) return undefined;
    this.#drop(session, registration);
    this.#bySession.delete(session, registration);
    return registration;
  }

  /** Removes a callee everywhere, and returns the registrations that it had. */
  removeAll(session: RealmSession): Registration[] {
    const registrations = this.#bySession.take(session);
    for (const registration of registrations) this.#drop(session, registration);
    return registrations;
  }

  /** All registrations that match, best first. */
  matches(procedure: string): Registration[] {
    return this.#byPattern.matches(procedure);
  }

  /** Those of prefixes and wildcards that match, best first. */
  patterns(procedure: string): Registration[] {
    return this.#byPattern.patterns(procedure);
  }

  #drop(session: RealmSession, registration: Registration): void {
    const { callees } = registration;
    callees.splice(
      callees.findIndex((one) => one.session === session),
      1,
    );
    registration.onFree?.();
    if (callees.length > 0) return;
    this.#byPattern.delete(registration);
    this.ids?.delete(registration);
  }
}

/** Whether a session is among the callees. */
export function hasCallee({ callees }: Registration, session: RealmSession): boolean {
  return callees.some((one) => one.session === session);
}

/** @throws Failure when a registration cannot be shared with a callee that wants this policy. */
export function refuseConflict(
  registration: Pick<Registration, "uri" | "invoke">,
  invoke: InvokePolicy,
  isRepeated: boolean,
): void {
  const isSame = registration.invoke === invoke;
  if (isSame && (isRepeated || invoke !== "single")) return;
  throw new Failure(
    `Cannot register "${registration.uri}": it is already registered with invoke ${registration.invoke}`,
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

/** The failure of a call that nothing answers. */
export function noSuchProcedure(procedure: string): Failure {
  return new Failure(`Cannot call "${procedure}": no callee has registered it`, {
    source: "client",
    uri: ErrorUri.noSuchProcedure,
  });
}

/**
 * What the clients of one realm did and saw, as the checker keeps it. Times are milliseconds of `performance.now()`; a
 * span is from before a client asked until it knew the answer, so that what a router did lies somewhere within.
 */

/** A session of a client; a client that comes back is another one. */
export interface SessionSpan {
  session: number;
  /** The worker that it is on. */
  member: number;
  joinedAt: number;
  /** When it began to leave, or was seen to be over; undefined: it lives. */
  endedAt?: number;
}

export interface SubscriptionSpan {
  session: number;
  topic: string;
  match: Match;
  activeAt: number;
  /** When it was given up; undefined: with its session. */
  endingAt?: number;
}

export interface PublicationSpan {
  number: number;
  session: number;
  topic: string;
  excludeMe: boolean;
  /** Ids of sessions. */
  exclude: readonly number[];
  /** Ids of sessions; undefined: all. */
  eligible?: readonly number[];
  sentAt: number;
  /** When it was acknowledged; undefined: it was not. */
  publishedAt?: number;
}

export interface ReceivedEvent {
  subscription: SubscriptionSpan;
  publication: number;
  /** As the event says it, or that of the subscription. */
  topic: string;
  at: number;
}

export interface RegistrationSpan {
  session: number;
  procedure: string;
  invoke: Invoke;
  activeAt: number;
  /** When it was given up, or taken away; undefined: with its session. */
  endingAt?: number;
}

export interface CallSpan {
  number: number;
  session: number;
  procedure: string;
  sentAt: number;
  /** When the caller canceled it. */
  canceledAt?: number;
  endedAt?: number;
  /** What a RESULT had, or the URI of an ERROR. */
  outcome?: { result: unknown } | { error: string };
}

export interface ReceivedInvocation {
  call: number;
  session: number;
  at: number;
}

/** What was done to the realm from outside, until it had recovered. */
export interface Disturbance {
  name: string;
  from: number;
  to: number;
}

/** What a member says of the realm while nothing happens. */
export interface MemberCounts {
  member: number;
  sessions: number;
  subscribers: Record<string, number>;
  callees: Record<string, number>;
}

export type Match = "exact" | "prefix" | "wildcard";
export type Invoke = "single" | "roundrobin" | "random" | "first" | "last";

/** All of it. */
export class RealmHistory {
  readonly sessions = new Map<number, SessionSpan>();
  readonly subscriptions: SubscriptionSpan[] = [];
  readonly publications = new Map<number, PublicationSpan>();
  readonly events: ReceivedEvent[] = [];
  readonly registrations: RegistrationSpan[] = [];
  readonly calls = new Map<number, CallSpan>();
  readonly invocations: ReceivedInvocation[] = [];
  readonly disturbances: Disturbance[] = [];
  readonly counts: MemberCounts[] = [];
  /** Sentences of what a client saw that no router may send. */
  readonly oddities: string[] = [];
  #number = 0;

  /** A number for a publication or a call. */
  nextNumber(): number {
    this.#number += 1;
    return this.#number;
  }
}

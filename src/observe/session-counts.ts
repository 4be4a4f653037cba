/**
 * SessionCounts: the sessions of one worker by realm and role, and what became of its clients.
 *
 * Realms, roles and reasons may be named by clients or routers, so a long name is cut, with its length behind it, and
 * there is a most of each. What exceeds it is counted together.
 *
 * @module
 */

import { shorten } from "#base/printable.ts";
import { Distribution, type DistributionFigures } from "./distribution.ts";
import type { JoinTracer } from "./join-tracer.ts";
import type { SessionEnd } from "./session-facts.ts";
import { type SessionGroup, SessionGroups } from "./session-groups.ts";
import { slowClients } from "./slow-clients.ts";
import type { SessionFigures } from "./statistics.ts";

/** Longest name that is kept, in characters. */
const MOST_OF_NAME = 200;

/** Most reasons that are told apart. */
export const MAX_REASONS = 50;

/** Most pairs of a realm and a role that are shown; those with the most sessions come first. */
export const MAX_ROLES_SHOWN = 100;

/** The reason under which all are counted that are not told apart. */
const OTHER_REASONS = "other reasons";

/** The joined sessions of one role in one realm; null: the router has not said which. */
export interface RoleCount {
  readonly realm: string | null;
  readonly role: string | null;
  sessions: number;
}

/** The counts for Prometheus; times are in seconds. */
export interface SessionMetrics {
  groups: SessionGroup[];
  joins: number;
  ends: { reason: SessionEnd; count: number }[];
  durations: DistributionFigures;
  /** `reason` is a URI. */
  refusals: { reason: string; count: number }[];
  stalledRouters: number;
  messagesLeftOut: number;
  messagesLate: number;
}

/** The counts of one worker, since it was started. */
export class SessionCounts {
  /** What also records joins; undefined: nothing does. */
  readonly tracer: JoinTracer | undefined;
  /** Messages that could not be forwarded, and that no peer waited for. */
  leftOut = 0;
  /** Messages of clients that arrived when their session was ending or had ended. */
  late = 0;
  readonly groups = new SessionGroups();
  /** Seconds for which sessions that are over were joined. */
  readonly #durations = new Distribution([0.1, 1, 10, 60, 600, 3_600, 21_600, 86_400, 604_800]);
  readonly #ends = new Map<SessionEnd, number>();
  readonly #stalled = { client: 0, router: 0 };
  #joins = 0;
  #joined = 0;
  readonly #roles = new Map<string, RoleCount>();
  readonly #refusals = new Map<string, number>();

  constructor(tracer?: JoinTracer) {
    this.tracer = tracer;
  }

  /** Counts a session that has joined; the result is for `left`. */
  joined(realm: string | null, role: string | null): RoleCount {
    this.#joins += 1;
    this.#joined += 1;
    const named = {
      realm: realm && shorten(realm, MOST_OF_NAME),
      role: role && shorten(role, MOST_OF_NAME),
    };
    const key = keyOf(named);
    const count = this.#roles.get(key) ?? { ...named, sessions: 0 };
    count.sessions += 1;
    this.#roles.set(key, count);
    return count;
  }

  /** A joined session is over. */
  left(count: RoleCount): void {
    this.#joined -= 1;
    count.sessions -= 1;
    if (count.sessions === 0) this.#roles.delete(keyOf(count));
  }

  /** Counts the end of a session that was joined for so long. */
  closed(end: SessionEnd, seconds: number): void {
    this.#ends.set(end, (this.#ends.get(end) ?? 0) + 1);
    this.#durations.observe(seconds);
  }

  /** The counts for Prometheus. */
  metrics(): SessionMetrics {
    return {
      groups: this.groups.figures(),
      joins: this.#joins,
      ends: countsIn(this.#ends),
      durations: this.#durations.figures(),
      refusals: countsIn(this.#refusals),
      stalledRouters: this.#stalled.router,
      messagesLeftOut: this.leftOut,
      messagesLate: this.late,
    };
  }

  /** Counts a session that ends because one side of it did not read; gives the number of all of them. */
  stalled(side: "client" | "router"): number {
    this.#stalled[side] += 1;
    if (side === "client") slowClients.cutOff += 1;
    return this.#stalled.client + this.#stalled.router;
  }

  /** Counts a client that is refused, or whose session is aborted, by the URI of the reason. */
  refused(uri: string): void {
    const short = shorten(uri, MOST_OF_NAME);
    const isKnown = this.#refusals.has(short) || this.#refusals.size < MAX_REASONS;
    const reason = isKnown ? short : OTHER_REASONS;
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
  }

  /** The counts at this moment; `open` is the number of sessions, those included that have not joined. */
  figures(open: number): SessionFigures {
    const roles = mostOf(this.#roles.values());
    const shown = roles.reduce((sum, { sessions }) => sum + sessions, 0);
    return {
      open,
      joined: this.#joined,
      roles: roles.map((count) => ({ ...count })),
      rolesLeftOut: this.#roles.size - roles.length,
      sessionsLeftOut: this.#joined - shown,
      joins: this.#joins,
      refusals: countsIn(this.#refusals).sort((one, other) => other.count - one.count),
      stalledRouters: this.#stalled.router,
      messagesLeftOut: this.leftOut,
      messagesLate: this.late,
    };
  }
}

/** Those with the most sessions, as many as are shown; figures are read too often to sort all of them. */
function mostOf(roles: Iterable<RoleCount>): RoleCount[] {
  const most: RoleCount[] = [];
  for (const role of roles) {
    const least = most[MAX_ROLES_SHOWN - 1]?.sessions ?? 0;
    if (role.sessions <= least) continue;
    const index = most.findLastIndex(({ sessions }) => sessions >= role.sessions);
    most.splice(index + 1, 0, role);
    most.length = Math.min(most.length, MAX_ROLES_SHOWN);
  }
  return most;
}

function countsIn<R>(counts: ReadonlyMap<R, number>): { reason: R; count: number }[] {
  return [...counts].map(([reason, count]) => ({ reason, count }));
}

function keyOf({ realm, role }: Pick<RoleCount, "realm" | "role">): string {
  return JSON.stringify([realm, role]);
}

/**
 * What the parts of a realm tell its cluster; a realm that no other worker has tells nobody.
 *
 * @module
 */

import type { Failure } from "#base/failure.ts";
import type { Publication } from "./publication.ts";
import type { ListedSession, RealmSession } from "./realm-session.ts";
import type { Registration } from "./registration-map.ts";
import type { PublishRequest, Request } from "./requests.ts";
import type { Authorization, PendingAuthorization } from "./role.ts";
import type { Subscription } from "./subscription-map.ts";
import type { MatchPolicy } from "./uri-match.ts";

/** For the broker. */
export interface BrokerCluster {
  /**
   * Sends a publication to the other workers; while they cannot be reached it stays on this one.
   *
   * @throws Failure when it cannot be sent, though they can be reached.
   */
  publish(publication: Publication, options: PublishRequest["options"]): void;
  /** Calls back once what was published is on its way to the others; at once while they cannot be reached. */
  whenPublished(published: () => void, failed: (failure: Failure) => void): void;
  /** Sends a meta event to the other workers. */
  publishMetaEvent(publication: Publication): void;
  /** A session of this worker has subscribed. */
  subscribed(subscription: Subscription): void;
  /** A session of this worker has no subscription any more, which may be of no use then. */
  unsubscribed(subscription: Subscription): void;
}

/** What a callee has no more. */
export type LostRegistration = Pick<Registration, "uri" | "match" | "invoke">;

/** For the dealer. */
export interface DealerCluster {
  /** When a registration was made, in milliseconds of the epoch; undefined: it is not. */
  createdAt(uri: string, match: MatchPolicy): number | undefined;
  /** A callee of this worker has joined a registration. */
  registered(registration: Registration): void;
  /** A callee of this worker has lost a registration, or was refused it. */
  unregistered(callee: RealmSession, registration: LostRegistration): void;
}

/** A pattern that somebody has subscribed to, on any worker. */
export interface KnownPattern {
  readonly id: number;
  readonly uri: string;
  readonly match: MatchPolicy;
  /** When, in milliseconds of the epoch. */
  readonly created: number;
}

/** The subscriptions of all workers. */
export interface KnownSubscriptions {
  all(): Iterable<KnownPattern>;
  get(uri: string, match: MatchPolicy): KnownPattern | undefined;
  byId(id: number): KnownPattern | undefined;
  matches(topic: string): KnownPattern[];
  /** Whether somebody on another worker has subscribed to it. */
  isElsewhere(id: number): boolean;
  /** The ids of the subscribers on all workers. */
  subscribers(pattern: KnownPattern): Promise<number[]>;
  /** The subscriptions of a session of another worker. */
  ofRemote(session: ListedSession): Promise<ReadonlySet<number>>;
}

/** A testament for the others to publish, should this worker be lost. */
export interface SharedTestament {
  readonly request: PublishRequest;
  readonly discloses: boolean;
}

/** For the meta API. */
export interface MetaCluster {
  readonly subscriptions: KnownSubscriptions;
  /** The testaments of a session, in the order in which they are to be published; none: it has no more. */
  setTestaments(session: RealmSession, testaments: readonly SharedTestament[]): void;
}

/** What the cluster tells the meta API, of which no other worker does. */
export interface ClusterObserver {
  /** A session of another worker, which was taken for gone. */
  reappeared(session: ListedSession): void;
  /** A session of another worker, which is gone. */
  vanished(session: ListedSession): void;
  /** A callee of a worker that is lost has lost its registration. */
  lostRegistration(callee: RealmSession, registration: Registration): void;
  /** Publishes a testament of a session that is lost. */
  publishTestament(session: RealmSession, testament: SharedTestament): void;
  /** Another worker has published the testaments of this session of this worker. */
  testamentsTaken(session: RealmSession): void;
}

/** For the requests of sessions. */
export interface RequestCluster {
  /**
   * A request of a session that is authorized, or is to be, once the other workers have what it needs of them.
   *
   * @throws Failure when it is refused at once.
   */
  prepare(
    session: RealmSession,
    request: Request,
    authorized: Authorization | PendingAuthorization,
  ): Authorization | PendingAuthorization;
}

/**
 * What the parts of a realm tell its cluster; a realm that no other worker has tells nobody.
 *
 * @module
 */

import type { Failure } from "#base/failure.ts";
import type { Publication } from "./publication.ts";
import type { PublishRequest, Request } from "./requests.ts";
import type { Authorization, PendingAuthorization } from "./role.ts";
import type { Subscription } from "./subscription-map.ts";

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
  /** A subscription may be of no use any more. */
  unsubscribed(subscription: Subscription): void;
}

/** For the requests of sessions. */
export interface RequestCluster {
  /**
   * A request that is authorized, or is to be, once the other workers have what it needs of them.
   *
   * @throws Failure when it is refused at once.
   */
  prepare(
    request: Request,
    authorized: Authorization | PendingAuthorization,
  ): Authorization | PendingAuthorization;
}

/**
 * MetaObserver: what the broker and the dealer of a realm tell its meta API.
 *
 * @module
 */

import type { RealmSession } from "./realm-session.ts";
import type { Added, Registration } from "./registration-map.ts";
import type { CallRequest } from "./requests.ts";
import type { Subscribed, Subscription } from "./subscription-map.ts";

/** Answers calls of meta procedures, and publishes meta events. */
export interface MetaObserver {
  /**
   * Answers a call of a procedure of the router.
   *
   * @throws Failure when there is no such procedure, or it refuses.
   */
  call(caller: RealmSession, request: CallRequest): void;
  registered(callee: RealmSession, added: Added): void;
  /** A registration without callees has ended. */
  unregistered(callee: RealmSession, registration: Registration): void;
  subscribed(subscriber: RealmSession, subscribed: Subscribed): void;
  /** A subscription without subscribers has ended, unless events are kept of it. */
  unsubscribed(subscriber: RealmSession, subscription: Subscription): void;
}

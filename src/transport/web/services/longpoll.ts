/**
 * `type: longpoll`: WAMP over HTTP long polling.
 *
 * LongPoll answers the requests; only paths that hide `..` reach `handle`.
 *
 * @module
 */

import type { LongPollServiceConfig } from "#config/web-service/longpoll-config.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import { malformedPath } from "#transport/web/error-page.ts";
import { LongPoll } from "#transport/web/longpoll/longpoll.ts";
import type { WebService } from "#transport/web/web-service.ts";

/**
 * Opens the service of one path.
 *
 * @throws Failure when the file of its cookies cannot be read or written.
 */
export function openLongPoll(
  config: LongPollServiceConfig,
  accept: AcceptPeerWithSession,
  context: TransportContext,
): WebService {
  const streaming = new LongPoll(config, accept, context);
  return {
    streaming,
    handle: () => malformedPath(),
    isInUse: () => streaming.isInUse,
    close: () => streaming.close(),
  };
}

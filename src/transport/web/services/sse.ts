/**
 * `type: sse`: events of WAMP topics as Server-Sent Events.
 *
 * EventStream answers the requests; only paths that hide `..` reach `handle`.
 *
 * @module
 */

import type { EventStreamServiceConfig } from "#config/web-service/event-stream-config.ts";
import type { TransportContext } from "#transport/listener.ts";
import { type FindLogins, openAccess } from "#transport/web/auth/open-access.ts";
import { malformedPath } from "#transport/web/error-page.ts";
import { EventStream } from "#transport/web/event-stream/event-stream.ts";
import type { WebService } from "#transport/web/web-service.ts";

/**
 * Opens the service of one path.
 *
 * @throws Failure when the worker has no WampCaller, or keys of tokens cannot be read.
 */
export async function openEventStream(
  config: EventStreamServiceConfig,
  context: TransportContext,
  findLogins?: FindLogins,
): Promise<WebService> {
  const access = await openAccess(config, context, findLogins);
  const streaming = new EventStream(config, context, access);
  return {
    streaming,
    handle: () => malformedPath(),
    isInUse: () => streaming.isInUse,
    close: () => streaming.close(),
  };
}

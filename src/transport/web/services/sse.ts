/**
 * `type: sse`: events of WAMP topics as Server-Sent Events.
 *
 * EventStream answers the requests; only paths that hide `..` reach `handle`.
 *
 * @module
 */

import type { EventStreamServiceConfig } from "#config/web-service/event-stream-config.ts";
import type { TransportContext } from "#transport/listener.ts";
import { errorPage } from "#transport/web/error-page.ts";
import { EventStream } from "#transport/web/event-stream/event-stream.ts";
import type { WebService } from "#transport/web/web-service.ts";

/**
 * Opens the service of one path.
 *
 * @throws Failure when the worker has no WampCaller.
 */
export function openEventStream(
  config: EventStreamServiceConfig,
  context: TransportContext,
): WebService {
  const streaming = new EventStream(config, context);
  return { streaming, handle: () => errorPage(400), close: () => streaming.close() };
}

/**
 * `type: caller` and `type: publisher`: HTTP requests that become calls and publications.
 *
 * They are answered on the sockets on which they came; none comes here but one behind another request of
 * its connection, which is told to come again on a connection of its own.
 *
 * @module
 */

import type { BridgeServiceConfig } from "#config/node-config.ts";
import type { TransportContext } from "#transport/listener.ts";
import { HttpBridge } from "#transport/web/bridge/http-bridge.ts";
import { errorPage } from "#transport/web/error-page.ts";
import type { WebService } from "#transport/web/web-service.ts";

/**
 * Opens the service of one path.
 *
 * @throws Failure when the worker has nobody who calls.
 */
export function openBridge(config: BridgeServiceConfig, context: TransportContext): WebService {
  return {
    bridge: new HttpBridge(config, context),
    handle: () => errorPage(503, { "Retry-After": "0" }),
  };
}

/**
 * `type: caller` and `type: publisher`: HTTP requests that become calls and publications.
 *
 * HttpBridge answers them; no request reaches `handle`.
 *
 * @module
 */

import type { BridgeServiceConfig } from "#config/web-service/web-service-config.ts";
import type { TransportContext } from "#transport/listener.ts";
import { openAccess } from "#transport/web/auth/open-access.ts";
import { HttpBridge } from "#transport/web/bridge/http-bridge.ts";
import { errorPage } from "#transport/web/error-page.ts";
import type { WebService } from "#transport/web/web-service.ts";

/**
 * Opens the service of one path.
 *
 * @throws Failure when the worker has no WampCaller, or keys of tokens cannot be read.
 */
export async function openBridge(
  config: BridgeServiceConfig,
  context: TransportContext,
): Promise<WebService> {
  const access = await openAccess(config, context);
  return {
    bridge: new HttpBridge(config, context, access),
    handle: () => errorPage(503, { "Retry-After": "0" }),
    close: () => access.close(),
  };
}

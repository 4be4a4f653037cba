/**
 * `type: wap`: pages of templates, for the results of calls.
 *
 * WapPages answers the requests; no request reaches `handle`.
 *
 * @module
 */

import type { WapServiceConfig } from "#config/web-service/wap-config.ts";
import type { TransportContext } from "#transport/listener.ts";
import { errorPage } from "#transport/web/error-page.ts";
import { WapPages } from "#transport/web/wap/wap-pages.ts";
import type { WebService } from "#transport/web/web-service.ts";

/**
 * Opens the service of one path.
 *
 * @throws Failure when a template is missing or malformed, or the worker has no WampCaller.
 */
export async function openWap(
  config: WapServiceConfig,
  context: TransportContext,
): Promise<WebService> {
  return { bridge: await WapPages.open(config, context), handle: () => errorPage(503) };
}

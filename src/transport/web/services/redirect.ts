/**
 * `type: redirect`: sends every client to one configured URL.
 *
 * @module
 */

import type { RedirectServiceConfig } from "#config/node-config.ts";
import { refuseOtherMethods } from "#transport/web/error-page.ts";
import type { WebService } from "#transport/web/web-service.ts";

/** Opens a redirect; path and query of the request are not carried over. */
export function openRedirect(config: RedirectServiceConfig): WebService {
  return {
    handle: (request) =>
      refuseOtherMethods(request) ??
      new Response(null, {
        status: 302,
        headers: { Location: config.url, "Content-Length": "0" },
      }),
  };
}

/**
 * `type: redirect`: redirects every request to one configured URL.
 *
 * @module
 */

import type { RedirectServiceConfig } from "#config/node-config.ts";
import type { WebService } from "#transport/web/web-service.ts";

/** Opens a redirect; the request's path and query are not appended. */
export function openRedirect(config: RedirectServiceConfig): WebService {
  return {
    isReadOnly: true,
    handle: () => ({ status: 302, headers: { Location: config.url }, body: Buffer.alloc(0) }),
  };
}

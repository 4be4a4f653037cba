/**
 * `type: redirect`: redirects every request to one configured URL.
 *
 * @module
 */

import type { RedirectServiceConfig } from "#config/web-service/web-service-config.ts";
import type { WebService } from "#transport/web/web-service.ts";

/** Opens a redirect; the request's path and query are not appended. */
export function openRedirect(config: RedirectServiceConfig): WebService {
  const headers = { Location: uriOf(config.url) };
  return { isReadOnly: true, handle: () => ({ status: 302, headers, body: Buffer.alloc(0) }) };
}

/** A reference as a URI, which is ASCII (RFC 3987, section 3.1). */
function uriOf(reference: string): string {
  return reference.toWellFormed().replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}

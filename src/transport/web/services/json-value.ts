/**
 * `type: json`: a configured value, the same for every request.
 *
 * @module
 */

import type { JsonServiceConfig } from "#config/node-config.ts";
import { answerWith } from "#transport/web/conditional-request.ts";
import { refuseOtherMethods } from "#transport/web/error-page.ts";
import type { WebService } from "#transport/web/web-service.ts";

/** Opens a service that answers with the configured value. */
export function openJsonValue(config: JsonServiceConfig): WebService {
  const octets = new TextEncoder().encode(JSON.stringify(config.value) ?? "null");
  const content = {
    size: octets.length,
    etag: `"${Bun.CryptoHasher.hash("sha256", octets, "hex").slice(0, 32)}"`,
    headers: { "Content-Type": "application/json", "Cache-Control": "no-cache" },
    slice: (start: number, end: number) => octets.subarray(start, end),
  };
  return { handle: (request) => refuseOtherMethods(request) ?? answerWith(content, request) };
}

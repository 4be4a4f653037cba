/**
 * `type: json`: answers every request with a configured value.
 *
 * @module
 */

import type { JsonServiceConfig } from "#config/node-config.ts";
import { answerWith } from "#transport/web/conditional-request.ts";
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
  return { isReadOnly: true, handle: (request) => answerWith(content, request) };
}

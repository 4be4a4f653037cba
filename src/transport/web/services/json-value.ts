/**
 * `type: json`: answers every request with a configured value.
 *
 * @module
 */

import type { JsonServiceConfig } from "#config/web-service/web-service-config.ts";
import { answerWith, representationOf } from "#transport/web/conditional-request.ts";
import type { WebService } from "#transport/web/web-service.ts";

/** Opens a service that answers with the configured value. */
export function openJsonValue(config: JsonServiceConfig): WebService {
  const octets = new TextEncoder().encode(config.text);
  const content = representationOf(octets, {
    "Content-Type": "application/json",
    "Cache-Control": "no-cache",
  });
  return { isReadOnly: true, handle: (request) => answerWith(content, request) };
}

/**
 * `type: json`: answers every request with a configured value.
 *
 * @module
 */

import type { JsonServiceConfig } from "#config/web-service/web-service-config.ts";
import { answerInCoding, contentOf } from "#transport/web/coded-content.ts";
import { crossOriginHeaders } from "#transport/web/cross-origin.ts";
import type { WebService } from "#transport/web/web-service.ts";

/** Asks every client and proxy to keep no copy, in the words of all ages of HTTP. */
const NO_COPY = "no-store, no-cache, must-revalidate, max-age=0";

/** Opens a service that answers with the configured value. */
export function openJsonValue({ text, options }: JsonServiceConfig): WebService {
  const { allow_cross_origin, discourage_caching } = options;
  const content = contentOf(new TextEncoder().encode(text), {
    "Content-Type": "application/json",
    "Cache-Control": discourage_caching ? NO_COPY : "no-cache",
    ...crossOriginHeaders(allow_cross_origin),
  });
  return {
    isReadOnly: true,
    isCrossOrigin: allow_cross_origin,
    handle: (request) => answerInCoding(content, request),
  };
}

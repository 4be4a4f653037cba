/** A path of type `json`. */

import type { JsonServiceConfig } from "#config/web-service/web-service-config.ts";

/** A value as JSON text, served with these options. */
export function jsonAt(
  text: string,
  options: Partial<JsonServiceConfig["options"]> = {},
): JsonServiceConfig {
  const defaults = { allow_cross_origin: true, discourage_caching: false };
  return { type: "json", text, options: { ...defaults, ...options } };
}

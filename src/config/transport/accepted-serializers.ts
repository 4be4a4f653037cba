/**
 * The serializers that clients of a transport choose from.
 *
 * @module
 */

import { supportedSerializers } from "#config/schema/serializers.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";

/** The supported ones of a list, with a warning where there is none; `path` is that of the item with the list. */
export function acceptedSerializers(
  names: readonly string[],
  path: JsonPath,
  report: Report,
): SerializerName[] {
  const supported = supportedSerializers(names);
  const at = [...path, "serializers"];
  if (supported.length === 0 && !report.isMalformed(at)) {
    report.warn(at, "none of these is supported, so no client can join");
  }
  return supported;
}

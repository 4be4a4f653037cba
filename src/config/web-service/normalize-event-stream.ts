/**
 * Normalizes paths of type `sse`.
 *
 * @module
 */

import { isTopicPattern } from "#base/topic-pattern.ts";
import { asCidr } from "#config/schema/address-range.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { WorkerContext } from "#config/transport/transport-context.ts";
import type { EventStreamServiceConfig } from "./event-stream-config.ts";
import { defaultEventStreamOptions, type EventStreamItem } from "./event-stream-schema.ts";
import { normalizeKey } from "./normalize-bridge.ts";
import { normalizePathRole } from "./normalize-path-auth.ts";

/** The normalized service; warns of a realm or role that does not exist. */
export function normalizeEventStream(
  item: EventStreamItem,
  path: JsonPath,
  context: WorkerContext,
): EventStreamServiceConfig {
  const { realm, topics } = item;
  const role = normalizePathRole(item, "subscribed to", path, context);
  topics?.forEach(({ topic, match }, index) => {
    if (isTopicPattern(topic, match)) return;
    const sentence = `expected a URI of ${match} match, found "${topic}"`;
    context.report.fault([...path, "topics", index, "topic"], sentence);
  });
  const written = item.options ?? defaultEventStreamOptions;
  return {
    type: "sse",
    realm,
    ...role,
    topics: topics ?? null,
    options: {
      ...written,
      ...normalizeKey(written, [...path, "options"], context.report),
      require_ip: written.require_ip?.map(asCidr) ?? null,
    },
  };
}

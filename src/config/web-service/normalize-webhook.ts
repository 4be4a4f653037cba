/**
 * Normalizes paths of type `webhook`.
 *
 * @module
 */

import { isTopicPattern } from "#base/topic-pattern.ts";
import { readSecret } from "#config/auth/secret.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { WorkerContext } from "#config/transport/transport-context.ts";
import { MOST_BODY_OCTETS } from "./normalize-bridge.ts";
import { warnOfRealmAndRole } from "./realm-role-rules.ts";
import type { UnavailableServiceConfig } from "./web-service-config.ts";
import type { WebhookServiceConfig } from "./webhook-config.ts";
import type { WebhookItem } from "./webhook-schema.ts";

/** The normalized service; without a usable topic it is unavailable, after a warning, because Crossbar starts. */
export function normalizeWebhook(
  item: WebhookItem,
  path: JsonPath,
  context: WorkerContext,
): WebhookServiceConfig | UnavailableServiceConfig {
  const { realm, role, options } = item;
  const { report } = context;
  warnOfRealmAndRole({ realm, role, done: "published" }, path, context);
  const place = [...path, "options", "github_secret"];
  const written = options.github_secret;
  const github_secret = written === undefined ? null : readSecret(written, place, report);
  const { topic } = options;
  if (topic === undefined || !isTopicPattern(topic, "exact")) {
    const state = topic === undefined ? "topic is missing" : `"${topic}" is no URI`;
    const at = topic === undefined ? ["options"] : ["options", "topic"];
    report.warn([...path, ...at], `${state}; requests for it are answered with 501`);
    return { type: "unavailable" };
  }
  const { success_response, error_response } = options;
  const post_body_limit = options.post_body_limit || MOST_BODY_OCTETS;
  const answers = { success_response, error_response };
  return {
    type: "webhook",
    realm,
    role,
    options: { topic, post_body_limit, ...answers, github_secret },
  };
}

/**
 * `type: webhook`: a path whose requests are published on one topic.
 *
 * @module
 */

import * as v from "valibot";
import { secret } from "#config/auth/principal-schema.ts";
import { defaulted, optional, required, withoutEffect } from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { id, integer, text } from "#config/schema/primitive.ts";

const webhookOptions = item({
  debug: withoutEffect(v.boolean()),
  topic: optional(text, "The topic; absent: requests are answered with 501."),
  post_body_limit: defaulted(
    integer(0, 1_048_576),
    0,
    "Most octets of a body; 0: 1048576, where Crossbar has no limit.",
  ),
  success_response: defaulted(v.string(), "OK", "Body of the answer once the event is published."),
  error_response: defaulted(v.string(), "NOT OK", "Body of the answer where it is not."),
  github_secret: optional(
    secret,
    'What GitHub signs its requests with, or `{"file": …}`; absent: unsigned.',
  ),
});

/** `type: webhook`. */
export const webhookService = item({
  id: withoutEffect(id),
  type: required(v.literal("webhook"), "Publishes each HTTP request, with its headers."),
  realm: required(text, "The realm."),
  role: required(text, "The role that publishes."),
  options: required(webhookOptions, "Options."),
});

/** Such a path as written. */
export type WebhookItem = v.InferOutput<typeof webhookService>;

/**
 * `type: webhook`: HTTP requests that become events of one topic.
 *
 * Webhook answers them; no request reaches `handle`.
 *
 * @module
 */

import type { WebhookServiceConfig } from "#config/web-service/webhook-config.ts";
import type { TransportContext } from "#transport/listener.ts";
import { errorPage } from "#transport/web/error-page.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { Webhook } from "#transport/web/webhook/webhook.ts";

/**
 * Opens the service of one path.
 *
 * @throws Failure when the worker has no WampCaller.
 */
export function openWebhook(config: WebhookServiceConfig, context: TransportContext): WebService {
  return { bridge: new Webhook(config, context), handle: () => errorPage(503) };
}

/**
 * The admin endpoint of a node: health, metrics, sessions and the log level, through one port whatever workers do.
 *
 * It is served by the controller, so that it answers while workers do not.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { AdminConfig } from "#config/node/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import { refusalOf } from "./admin-access.ts";
import { BadRequest, textAnswer } from "./admin-answer.ts";
import { type AdminListener, openAdminListener } from "./admin-listener.ts";
import { ADMIN_PATHS, type AdminContext } from "./admin-paths.ts";
import type { NodeCommands, NodeOperations } from "./node-operations.ts";
import { Readiness } from "./readiness.ts";

/**
 * Starts the endpoint.
 *
 * @throws Failure when it cannot listen, or a certificate cannot be used.
 */
export async function startAdminServer(
  config: AdminConfig,
  node: NodeOperations,
  commands: NodeCommands,
  log: Logger,
): Promise<AdminListener> {
  const readiness = new Readiness(node, config.routers);
  const context = { node, commands, readiness };
  const serve = (request: Request) =>
    answer(request, config, context).catch((thrown: unknown) => {
      if (thrown instanceof BadRequest) return textAnswer(400, thrown.message);
      log.error("admin request failed", { reason: sentenceOf(thrown) });
      return textAnswer(500, "Cannot answer: internal error");
    });
  return openAdminListener(config.endpoint, serve, log);
}

async function answer(
  request: Request,
  config: AdminConfig,
  context: AdminContext,
): Promise<Response> {
  const { pathname, searchParams: parameters } = new URL(request.url);
  const path = ADMIN_PATHS.get(pathname);
  const refusal = refusalOf(request, config, path?.isOpen === true);
  if (refusal !== null) return refusal;
  if (path === undefined) return textAnswer(404, "Cannot find this path");
  const method = request.method === "HEAD" ? "GET" : request.method;
  const handler = method === "GET" || method === "POST" ? path[method] : undefined;
  if (handler !== undefined) return handler({ headers: request.headers, parameters }, context);
  const allowed = [path.GET && "GET, HEAD", path.POST && "POST"].filter(Boolean).join(", ");
  return textAnswer(405, `Cannot answer ${request.method}: expected ${allowed}`, {
    Allow: allowed,
  });
}

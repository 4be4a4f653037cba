/**
 * The admin endpoint of a node: health, metrics, sessions and the log level, through one port whatever workers do.
 *
 * It is served by the controller, so that it answers while workers do not.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import type { AdminConfig, AdminEndpointConfig } from "#config/node/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import { openUnixSocket } from "#transport/endpoint/unix-socket-file.ts";
import { refusalOf } from "./admin-access.ts";
import { BadRequest, textAnswer } from "./admin-answer.ts";
import { ADMIN_PATHS, type AdminContext } from "./admin-paths.ts";
import type { NodeCommands, NodeOperations } from "./node-operations.ts";
import { Readiness } from "./readiness.ts";

/** No request has a body that is read. */
const MAX_BODY_OCTETS = 64 * 1024;

/** A running endpoint. */
export interface AdminServer {
  /** Where it listens, for the log. */
  url: string;
  /** Ends it, and removes its socket file. */
  stop(): void;
}

/**
 * Starts the endpoint.
 *
 * @throws Failure when it cannot listen.
 */
export async function startAdminServer(
  config: AdminConfig,
  node: NodeOperations,
  commands: NodeCommands,
  log: Logger,
): Promise<AdminServer> {
  const readiness = new Readiness(node, config.routers);
  const context = { node, commands, readiness };
  const serve = (request: Request) =>
    answer(request, config, context).catch((thrown: unknown) => {
      if (thrown instanceof BadRequest) return textAnswer(400, thrown.message);
      log.error("admin request failed", { reason: sentenceOf(thrown) });
      return textAnswer(500, "Cannot answer: internal error");
    });
  return listen(config.endpoint, serve);
}

type Serve = (request: Request) => Promise<Response>;

async function listen(endpoint: AdminEndpointConfig, fetch: Serve): Promise<AdminServer> {
  const options = { fetch, maxRequestBodySize: MAX_BODY_OCTETS, development: false };
  if (endpoint.type === "unix") {
    const { server, removeFile } = await openUnixSocket(endpoint, (unix) =>
      Bun.serve({ ...options, unix }),
    );
    const stop = () => {
      void server.stop(true);
      removeFile();
    };
    return { url: `unix:${endpoint.path}`, stop };
  }
  const { interface: hostname, port } = endpoint;
  try {
    const server = Bun.serve({ ...options, hostname, port });
    const address = hostname.includes(":") ? `[${hostname}]` : hostname;
    return { url: `http://${address}:${port}/`, stop: () => void server.stop(true) };
  } catch (cause) {
    const sentence = `Cannot listen on "${hostname}:${port}" for controller.admin: ${sentenceOf(cause)}`;
    throw new Failure(sentence, { source: "internal", cause });
  }
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

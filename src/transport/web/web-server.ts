/**
 * One Bun server per endpoint: requests go to the services at its paths.
 *
 * @module
 */

import { chmodSync } from "node:fs";
import { sentenceOf } from "#base/failure.ts";
import type { TransportContext } from "#transport/listener.ts";
import { errorPage } from "./error-page.ts";
import { PathTree } from "./path-tree.ts";
import { isWebSocket, pathsOf, servicesOf, type WebServerConfig } from "./service-paths.ts";
import { openWebService } from "./services/service-registry.ts";
import { openWebSocketService } from "./services/websocket.ts";
import type { WebService } from "./web-service.ts";

/**
 * Time after which a request or an answer that does not move is given up. Bun takes it for Unix sockets
 * too, though its types do not name it there.
 */
const stallTimeout: object = { idleTimeout: 30 };

/** No service reads a body; what a client sends nevertheless stays small. */
const largestBodyOctets = 64 * 1024;

const OWNER_ONLY = 0o600;

/** The Web server of a transport, reached only through splices. */
export interface WebServer {
  /** Whether there is a bridge at any path. */
  readonly hasBridge: boolean;
  /** The service at a request's path; undefined: there is none. */
  serviceFor(request: Request): WebService | undefined;
  /** Ends every request and every service. */
  close(): Promise<void>;
}

/**
 * Starts the Web server of a transport of type `web`, `websocket` or `universal` on a private socket.
 *
 * @throws Failure when a service cannot be opened.
 */
export async function startWebServer(
  config: WebServerConfig,
  unix: string,
  context: TransportContext,
): Promise<WebServer> {
  const tree = await PathTree.open(pathsOf(config), (service) =>
    isWebSocket(service) ? openWebSocketService(service) : openWebService(service, context),
  );
  // The next request may be for a bridge, which is not reached from here.
  const hasBridge = servicesOf(config).some(
    (service) => service.config.type === "caller" || service.config.type === "publisher",
  );
  const server = Bun.serve({
    unix,
    ...stallTimeout,
    development: false,
    maxRequestBodySize: largestBodyOctets,
    fetch: (request: Request) => (hasBridge ? closing(tree.handle(request)) : tree.handle(request)),
    error(thrown: unknown) {
      context.log.error("request failed", { error: sentenceOf(thrown) });
      return errorPage(500);
    },
  });
  if (!unix.startsWith("\0")) chmodSync(unix, OWNER_ONLY);
  return {
    hasBridge,
    serviceFor(request) {
      const path = URL.parse(request.url)?.pathname;
      return path === undefined ? undefined : tree.find(path)?.service;
    },
    async close() {
      const stopped = server.stop(true);
      tree.close();
      await stopped;
    },
  };
}

/** The same answer, behind which the connection is closed. */
function closing(answer: Response | Promise<Response>): Response | Promise<Response> {
  if (answer instanceof Promise) return answer.then(closing);
  answer.headers.set("Connection", "close");
  return answer;
}

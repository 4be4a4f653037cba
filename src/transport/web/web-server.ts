/**
 * startWebServer: Bun's Web server of one transport, on a private socket; the services at its paths answer.
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

/** Seconds without progress after which a request is ended; Bun's types lack it for Unix sockets. */
const IDLE_TIMEOUT: object = { idleTimeout: 30 };

/** Longest body; no service here reads one. */
const MAX_BODY_OCTETS = 64 * 1024;

const OWNER_ONLY = 0o600;

/** The Web server of a transport, reached only through splices. */
export interface WebServer {
  /** Whether any path has a bridge. */
  readonly hasBridge: boolean;
  /** The service at a request's path; undefined when there is none. */
  serviceFor(request: Request): WebService | undefined;
  /** Ends all requests and closes all services. */
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
  const hasBridge = servicesOf(config).some(
    (service) => service.config.type === "caller" || service.config.type === "publisher",
  );
  const handle = tree.handle.bind(tree);
  // With a bridge every answer closes the connection: the next request may be for the bridge, which this
  // server cannot reach.
  const answer = hasBridge ? (request: Request) => closeAfter(handle(request)) : handle;
  const server = serve(unix, answer, context.log);
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

function serve(
  unix: string,
  answer: (request: Request) => Response | Promise<Response>,
  log: TransportContext["log"],
): Bun.Server<undefined> {
  const server = Bun.serve({
    unix,
    ...IDLE_TIMEOUT,
    development: false,
    maxRequestBodySize: MAX_BODY_OCTETS,
    fetch: answer,
    error(thrown: unknown) {
      log.error("request failed", { error: sentenceOf(thrown) });
      return errorPage(500);
    },
  });
  // An abstract socket has no file.
  if (!unix.startsWith("\0")) chmodSync(unix, OWNER_ONLY);
  return server;
}

/** The answer with `Connection: close`. */
function closeAfter(answer: Response | Promise<Response>): Response | Promise<Response> {
  if (answer instanceof Promise) return answer.then(closeAfter);
  answer.headers.set("Connection", "close");
  return answer;
}

/**
 * openWebService: opens the Web service for the `type` of a path.
 *
 * @module
 */

import type { WebSocketTesteeTransportConfig } from "#config/transport/testee-config.ts";
import type { WebSocketServiceConfig } from "#config/web-service/web-service-config.ts";
import type { AcceptPeerWithSession, TransportContext } from "#transport/listener.ts";
import type { FindLogins } from "#transport/web/auth/open-access.ts";
import { errorPage } from "#transport/web/error-page.ts";
import type { LeafServiceConfig } from "#transport/web/path-tree.ts";
import type { WebService } from "#transport/web/web-service.ts";
import { openArchive } from "./archive.ts";
import { openBridge } from "./caller-publisher.ts";
import { openCatalog } from "./catalog.ts";
import { openJsonValue } from "./json-value.ts";
import { openLongPoll } from "./longpoll.ts";
import { openNodeInfo } from "./nodeinfo.ts";
import { openRedirect } from "./redirect.ts";
import { openReverseProxy } from "./reverseproxy.ts";
import { openEventStream } from "./sse.ts";
import { openStatic } from "./static.ts";
import { openUpload } from "./upload.ts";
import { openWebhook } from "./webhook.ts";
import { openWebSocketReverseProxy } from "./websocket-reverseproxy.ts";

/** For the operator who looks at such a page. */
const RUN_ELSEWHERE =
  "Python does not run inside of this node: run the program as a guest, and lead to it with a reverseproxy.";

/**
 * Opens the service of one path; WebSocket paths have `openWebSocketService`. `accept` is called with clients of
 * long-poll paths; `findLogins` is absent where no client joins the worker.
 *
 * @throws Failure when the service cannot be opened as configured.
 */
export async function openWebService(
  config: Exclude<LeafServiceConfig, WebSocketServiceConfig | WebSocketTesteeTransportConfig>,
  accept: AcceptPeerWithSession,
  context: TransportContext,
  findLogins?: FindLogins,
): Promise<WebService> {
  switch (config.type) {
    case "static":
      return openStatic(config);
    case "archive":
      return openArchive(config, context);
    case "nodeinfo":
      return openNodeInfo(config, context);
    case "json":
      return openJsonValue(config);
    case "redirect":
      return openRedirect(config);
    case "caller":
    case "publisher":
      return openBridge(config, context);
    case "upload":
      return openUpload(config, context);
    case "webhook":
      return openWebhook(config, context);
    case "reverseproxy":
      return openReverseProxy(config, context);
    case "websocket-reverseproxy":
      return openWebSocketReverseProxy(config, context);
    case "sse":
      return openEventStream(config, context, findLogins);
    case "longpoll":
      return openLongPoll(config, accept, context);
    case "catalog":
      return openCatalog(config);
    case "wap":
      // Templates need much code, which other nodes do without.
      return (await import("./wap.ts")).openWap(config, context);
    case "unavailable":
      return { handle: () => errorPage(501, {}, config.isPython && RUN_ELSEWHERE) };
  }
}

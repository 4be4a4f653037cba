/**
 * `type: nodeinfo`: the figures of the node as a page, as JSON, and as events that follow them. It answers at its own
 * path alone: what is below is not found, so that no health check takes it for an answer.
 *
 *     GET /info                                the page
 *     GET /info?format=json                    JSON, also where Accept prefers it
 *     GET /info  Accept: text/event-stream     events: PageViewers
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { NodeInfoServiceConfig } from "#config/web-service/web-service-config.ts";
import type { NodeStatistics } from "#observe/statistics.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import { TEXT_HEADERS } from "#transport/http/page-headers.ts";
import type { TransportContext } from "#transport/listener.ts";
import { errorPage } from "#transport/web/error-page.ts";
import { PageAccess } from "#transport/web/node-page/page-access.ts";
import { PAGE_DOCUMENT_HEADERS, printPage } from "#transport/web/node-page/page-document.ts";
import { formatOf, unknownFormat } from "#transport/web/node-page/page-format.ts";
import { PageViewers } from "#transport/web/node-page/page-viewers.ts";
import type { WebService } from "#transport/web/web-service.ts";

const NOT_KEPT = { "Cache-Control": "no-store", Vary: "Accept, Authorization" };

/** Opens the page of the node. */
export function openNodeInfo(config: NodeInfoServiceConfig, context: TransportContext): WebService {
  const access = new PageAccess(config);
  const viewers = new PageViewers(access, context);
  return {
    isReadOnly: true,
    streaming: viewers,
    handle(request, subpath) {
      if (subpath !== "") return errorPage(404);
      return access.refusalOf(request) ?? answer(request, context);
    },
    close: () => viewers.close(),
  };
}

async function answer(request: ClientRequest, context: TransportContext): Promise<HttpAnswer> {
  const format = formatOf(request);
  if (format === undefined) return unknownFormat();
  const { statistics, nodeInfo, log } = context;
  try {
    return answerWith(await statistics.read(), format, nodeInfo.workerId);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    log.warn("page of the node not shown", { reason: thrown.message });
    return errorPage(503, { "Retry-After": "2" });
  }
}

function answerWith(
  statistics: NodeStatistics,
  format: "html" | "json",
  answeredBy: string,
): HttpAnswer {
  if (format === "html") {
    const headers = { ...PAGE_DOCUMENT_HEADERS, ...NOT_KEPT };
    return { status: 200, headers, body: Buffer.from(printPage(statistics, answeredBy)) };
  }
  const headers = { ...TEXT_HEADERS, "Content-Type": "application/json", ...NOT_KEPT };
  const body = Buffer.from(`${JSON.stringify({ ...statistics, answeredBy })}\n`);
  return { status: 200, headers, body };
}

/**
 * In which format a request wants the figures of the node.
 *
 * @module
 */

import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import { acceptedType } from "#transport/web/accepted-type.ts";
import { errorPage } from "#transport/web/error-page.ts";

const EVENTS = "text/event-stream";

const TYPES = ["text/html", "application/json", EVENTS] as const;

/** The format that the query names, or else the header Accept; undefined: the query names one that there is not. */
export function formatOf({ url, headers }: HttpRequest): "html" | "json" | undefined {
  const named = new URLSearchParams(url.search).get("format");
  if (named === "html" || named === "json") return named;
  if (named !== null) return undefined;
  return acceptedType(headers.get("accept") ?? "", TYPES) === "text/html" ? "html" : "json";
}

/** The answer to a request for another format. */
export function unknownFormat(): HttpAnswer {
  return errorPage(400, {}, "Its format is neither html nor json.");
}

/** Whether a request wants events that follow the figures. */
export function wantsEvents({ method, headers, framing }: HttpRequest): boolean {
  const hasBody = framing.kind === "chunked" || framing.octets > 0;
  if (method !== "GET" || hasBody) return false;
  return acceptedType(headers.get("accept") ?? "", TYPES) === EVENTS;
}

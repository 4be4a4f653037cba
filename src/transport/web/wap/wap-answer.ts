/**
 * Answers of paths of type `wap`: pages, and results as JSON for requests that accept nothing else.
 *
 * @module
 */

import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import { errorPage } from "#transport/web/error-page.ts";
import type { Payload } from "#wamp/transcode/payload-slice.ts";
import { transcodeItem } from "#wamp/transcode/transcoder.ts";
import { templateValue } from "./result-value.ts";

const COMMON = { Vary: "Accept", "X-Content-Type-Options": "nosniff" };
const JSON_HEADERS = { "Content-Type": "application/json", ...COMMON };

/** Whether a request asks for JSON, in the one way that Crossbar knows. */
export function isJsonWanted({ headers }: HttpRequest): boolean {
  return headers.get("accept") === "application/json";
}

/** A page. */
export function pageAnswer(page: string): HttpAnswer {
  const headers = { "Content-Type": "text/html; charset=utf-8", ...COMMON };
  return { status: 200, headers, body: Buffer.from(page) };
}

/**
 * The only result of a call as JSON; null: nothing was called.
 *
 * @throws UnrepresentableValue when JSON has no such value.
 */
export function jsonAnswer(payload: Payload | null): HttpAnswer {
  const json = payload === null ? Buffer.from("{}") : resultOf(payload);
  return json === null ? errorPage(500) : { status: 200, headers: JSON_HEADERS, body: json };
}

/** Null: there are several results, which Crossbar cannot represent either. */
function resultOf({ serializer, items }: Payload): Uint8Array | null {
  const [args, kwargs] = items.map((item) => templateValue(item, serializer));
  const hasNames = kwargs instanceof Map && kwargs.size > 0;
  const results = Array.isArray(args) ? args : [];
  if (hasNames || results.length > 1) return null;
  const [octets] = items;
  if (octets === undefined || results.length === 0) return Buffer.from("null");
  // The list of results has one item, which is printed without the brackets.
  const list = Buffer.from(transcodeItem(octets, serializer, "json"))
    .toString()
    .trim();
  return Buffer.from(list.slice(1, -1));
}

/** An error as JSON. */
export function errorJson(status: number, error: string): HttpAnswer {
  const headers = { ...JSON_HEADERS, "Cache-Control": "no-store" };
  return { status, headers, body: Buffer.from(JSON.stringify({ error })) };
}

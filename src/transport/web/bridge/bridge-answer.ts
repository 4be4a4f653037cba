/**
 * Answers of the HTTP bridge in Crossbar's form: a JSON object, whatever the status.
 *
 *     {"args": [...], "kwargs": {...}}   {"id": 42}   {"error": "...", "args": [], "kwargs": {}}
 *
 * @module
 */

import type { ReadableFields } from "#transport/http/header-fields.ts";
import { type HttpAnswer, printFields } from "#transport/http/http-answer.ts";

/** The headers of an answer that has the common ones alone. */
export const COMMON_ALONE: BridgeAnswer["headers"] = {};

/** An answer to one request. */
export interface BridgeAnswer {
  status: number;
  /** Headers besides the common ones. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
}

/** An error answer of the bridge itself. */
export function denial(
  status: number,
  error: string,
  headers: Record<string, string> = {},
  args: readonly string[] = [],
): BridgeAnswer {
  const body = Buffer.from(JSON.stringify({ error, args, kwargs: {} }));
  return { status, headers, body };
}

/** The headers of every answer; pages of any origin may use the bridge, as in Crossbar. */
export function commonHeaders(request: Pick<ReadableFields, "get">): Record<string, string> {
  const origin = request.get("origin") ?? "null";
  const requestedHeaders = request.get("access-control-request-headers");
  return {
    "Content-Type": "application/json; charset=UTF-8",
    "Cache-Control": "no-store,no-cache,must-revalidate,max-age=0",
    "X-Content-Type-Options": "nosniff",
    Vary: "Origin",
    "Access-Control-Allow-Origin": origin === "null" ? "*" : origin,
    "Access-Control-Allow-Credentials": "true",
    ...(requestedHeaders !== null && { "Access-Control-Allow-Headers": requestedHeaders }),
  };
}

/** The common headers for a client that is no page, printed once. */
const headers = commonHeaders({ get: () => null });
const FOR_PROGRAMS = { headers, printedFields: printFields(headers) };

/** An answer with the common headers, and its own. */
export function withCommonHeaders(answer: BridgeAnswer, request: ReadableFields): HttpAnswer {
  const isOfPage = request.has("origin") || request.has("access-control-request-headers");
  if (!isOfPage && answer.headers === COMMON_ALONE) return { ...answer, ...FOR_PROGRAMS };
  return { ...answer, headers: { ...commonHeaders(request), ...answer.headers } };
}

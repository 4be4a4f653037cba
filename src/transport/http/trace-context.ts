/**
 * The trace that a request belongs to: the field `traceparent` (W3C Trace Context, section 3.2).
 *
 * @module
 */

import type { ReadableFields } from "./header-fields.ts";

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** As an attribute of the details of a connection; another value than a valid one is left out. */
export function traceContextOf(headers: ReadableFields): { traceparent?: string } {
  const traceparent = headers.get("traceparent");
  return traceparent !== null && TRACEPARENT.test(traceparent) ? { traceparent } : {};
}

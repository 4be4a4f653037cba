/**
 * The answers of the admin endpoint.
 *
 * @module
 */

const HEADERS = {
  "Cache-Control": "no-store",
  "X-Content-Type-Options": "nosniff",
};

/** A request that is not understood; its message is for the client. */
export class BadRequest extends Error {}

/** An answer in plain text, which ends with a line feed. */
export function textAnswer(status: number, text: string, headers: Record<string, string> = {}) {
  const type = { "Content-Type": "text/plain; charset=utf-8" };
  return new Response(`${text}\n`, { status, headers: { ...HEADERS, ...type, ...headers } });
}

/** An answer in JSON. */
export function jsonAnswer(value: unknown, status = 200): Response {
  const headers = { ...HEADERS, "Content-Type": "application/json" };
  return new Response(`${JSON.stringify(value, null, 2)}\n`, { status, headers });
}

/** An answer with another type. */
export function typedAnswer(contentType: string, body: string): Response {
  return new Response(body, { headers: { ...HEADERS, "Content-Type": contentType } });
}

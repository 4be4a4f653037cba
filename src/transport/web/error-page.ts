/**
 * The bodies of refusals: they name the status and nothing of the machine.
 *
 * @module
 */

const sentences = {
  400: ["Bad Request", "This request cannot be understood."],
  404: ["Not Found", "There is nothing at this address."],
  405: ["Method Not Allowed", "This address does not take requests of this method."],
  426: ["Upgrade Required", "This address speaks WebSocket only."],
  500: ["Internal Server Error", "Something went wrong here."],
  501: ["Not Implemented", "This node does not offer what is configured here."],
  503: ["Service Unavailable", "This is not available yet. Try again later."],
} as const;

/** A status that has an error page. */
export type ErrorStatus = keyof typeof sentences;

/** Gives the answer for a refusal, with headers that the status asks for. */
export function errorPage(status: ErrorStatus, headers: Record<string, string> = {}): Response {
  const [title, sentence] = sentences[status];
  const body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${status} ${title}</title></head>
<body><h1>${title}</h1><p>${sentence}</p></body></html>
`;
  return new Response(body, {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "X-Content-Type-Options": "nosniff",
      "Cache-Control": "no-store",
      ...headers,
    },
  });
}

/** Refuses every method but GET and HEAD; undefined when the request may go on. */
export function refuseOtherMethods(request: Request): Response | undefined {
  if (request.method === "GET" || request.method === "HEAD") return undefined;
  return errorPage(405, { Allow: "GET, HEAD" });
}

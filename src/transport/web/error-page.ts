/**
 * errorPage: the answers of Web services to requests in error; they show the status and nothing of the machine.
 *
 * @module
 */

import { htmlPage } from "#transport/http/html-page.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import { PAGE_HEADERS } from "#transport/http/page-headers.ts";

const PAGES = {
  400: ["Bad Request", "This request cannot be understood."],
  401: ["Unauthorized", "This address asks for a token."],
  403: ["Forbidden", "Clients at your address may not see what is here."],
  404: ["Not Found", "There is nothing at this address."],
  405: ["Method Not Allowed", "This address does not take requests of this method."],
  408: ["Request Timeout", "The body of this request did not come in time."],
  413: ["Content Too Large", "The body of this request is too long."],
  426: ["Upgrade Required", "This address speaks WebSocket only."],
  500: ["Internal Server Error", "Something went wrong here."],
  501: ["Not Implemented", "This node does not offer what is configured here."],
  502: ["Bad Gateway", "The server behind this address cannot be reached or gave no valid answer."],
  503: ["Service Unavailable", "This is not available yet. Try again later."],
  504: ["Gateway Timeout", "The server behind this address did not answer in time."],
} as const;

/** A status that has an error page. */
export type ErrorStatus = keyof typeof PAGES;

/** The answer to a path that no client sends in good faith. */
export function malformedPath(): HttpAnswer {
  const sentence =
    "Its path has malformed percent-encoding, NUL, a backslash, or an encoded dot or slash.";
  return errorPage(400, {}, sentence);
}

/** The answer to a request in error, of which a sentence without an end says what is wrong. */
export function refusedRequest(status: number, sentence: string): HttpAnswer {
  const headers = status === 503 ? { "Retry-After": "1" } : {};
  const more = status < 500 ? `${Bun.escapeHTML(sentence)}.` : undefined;
  return errorPage(status as ErrorStatus, headers, more);
}

/** Gives the answer for an error status; `headers` are those that the status needs, `more` a further sentence. */
export function errorPage(
  status: ErrorStatus,
  headers: Record<string, string> = {},
  more?: string,
): HttpAnswer {
  const [title, usual] = PAGES[status];
  const sentence = more === undefined ? usual : `${usual} ${more}`;
  const body = htmlPage(`${status} ${title}`, title, `<p>${sentence}</p>`);
  return {
    status,
    headers: {
      ...PAGE_HEADERS,
      "Cache-Control": "no-store",
      ...headers,
    },
    body: Buffer.from(body),
  };
}

/**
 * WebRequestHandler: has the Web service at the path of a request answer it. Bodies are read and ignored.
 *
 * @module
 */

import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { RequestHandler } from "#transport/http/http-exchange.ts";
import type { ClientRequest } from "#transport/http/http-request.ts";
import { type ErrorStatus, errorPage } from "./error-page.ts";
import type { PathTree } from "./path-tree.ts";

/** Requests for Web services are not counted. */
const SLOT = { release() {} };

/** Answers all requests but those for bridges. */
export class WebRequestHandler implements RequestHandler {
  readonly maxBodyOctets = 64 * 1024;
  readonly #tree: PathTree;

  constructor(tree: PathTree) {
    this.#tree = tree;
  }

  takeSlot(): typeof SLOT {
    return SLOT;
  }

  /** A handshake that was found invalid is answered before its body, which may be frames. */
  answerToHead(request: ClientRequest): HttpAnswer | null {
    return request.headers.has("upgrade") ? this.perform(request) : null;
  }

  perform(request: ClientRequest): HttpAnswer {
    return this.#tree.handle(request);
  }

  refuse(_request: ClientRequest, status: number): HttpAnswer {
    return errorPage(status as ErrorStatus);
  }
}

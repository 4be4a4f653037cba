/**
 * ReverseProxy: passes the requests for one path to an upstream server. (Crossbar: path type `reverseproxy`.)
 *
 * @module
 */

import type { ReverseProxyServiceConfig } from "#config/web-service/reverse-proxy-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import { errorPage } from "#transport/web/error-page.ts";
import type { StreamedRequest, StreamingService } from "#transport/web/streaming-service.ts";
import { ProxiedRequest } from "./proxied-request.ts";
import { UpstreamPool } from "./upstream-pool.ts";

const UNAVAILABLE = errorPage(503, { "Retry-After": "1" });

/** Methods that servers know; others are passed on too. */
const METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/** The requests for one path. */
export class ReverseProxy implements StreamingService {
  readonly #config: ReverseProxyServiceConfig;
  readonly #log: Logger;
  readonly #pool = new UpstreamPool();
  readonly #open = new Set<ProxiedRequest>();

  constructor(config: ReverseProxyServiceConfig, log: Logger) {
    this.#config = config;
    this.#log = log;
  }

  open(streamed: StreamedRequest): ConnectionEvents {
    const path = { config: this.#config, pool: this.#pool, log: this.#log };
    const request = new ProxiedRequest(streamed, path, () => this.#open.delete(request));
    const isFull = this.#open.size >= this.#config.options.max_requests;
    this.#open.add(request);
    const answer = isFull ? UNAVAILABLE : answerInPlace(streamed.request);
    if (answer === null) request.begin();
    else request.refuse(answer);
    return request;
  }

  /** Whether a request is open. */
  get isInUse(): boolean {
    return this.#open.size > 0;
  }

  /** Ends every request. */
  close(): void {
    for (const request of [...this.#open]) request.refuse(UNAVAILABLE);
    this.#pool.close();
  }
}

/** The answer to a request that ends here (RFC 9110, sections 7.6.2, 9.3.6 and 9.3.8); null: it is passed on. */
function answerInPlace({ method, headers }: HttpRequest): HttpAnswer | null {
  // After CONNECT a connection would be a tunnel, and TRACE would show what this node adds to a request.
  if (method === "CONNECT" || method === "TRACE") return errorPage(405, { Allow: METHODS });
  const isLast = method === "OPTIONS" && headers.get("max-forwards") === "0";
  return isLast ? { status: 200, headers: { Allow: METHODS }, body: Buffer.alloc(0) } : null;
}

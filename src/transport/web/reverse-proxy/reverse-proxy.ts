/**
 * ReverseProxy: passes the requests for one path to an upstream server. (Crossbar: path type `reverseproxy`.)
 *
 * @module
 */

import type { ReverseProxyServiceConfig } from "#config/web-service/reverse-proxy-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import type { StreamedRequest, StreamingService } from "#transport/web/streaming-service.ts";
import { ProxiedRequest } from "./proxied-request.ts";
import { UpstreamPool } from "./upstream-pool.ts";

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
    if (isFull) request.shutDown();
    else request.begin();
    return request;
  }

  /** Ends every request. */
  close(): void {
    for (const request of [...this.#open]) request.shutDown();
    this.#pool.close();
  }
}

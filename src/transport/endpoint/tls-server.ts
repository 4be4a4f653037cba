/**
 * TlsServer: a TCP port with TLS whose certificate can be renewed while connections are open.
 *
 * Bun gives a server its certificate once and for all. So a second server with the new one is opened
 * on the same port (SO_REUSEPORT), and the first is stopped, which keeps its connections:
 *
 *     port 443 ── server 1 ── open sessions          port 443 ── server 2 ── new sessions
 *                                            renew()             server 1 ── sessions of before
 *
 * @module
 */

import { X509Certificate } from "node:crypto";

import { sentenceOf } from "#base/failure.ts";
import type { ListeningTcpConfig, ListeningTlsConfig } from "#config/node-config.ts";
import type { Logger } from "#observe/logger.ts";
import { watchFiles } from "./file-watch.ts";
import { printEndpoint } from "./peer-address.ts";
import { filesOf, type ListeningTlsOptions, listeningTlsOptions } from "./tls-options.ts";

/** An endpoint that has TLS. */
export type TlsEndpoint = ListeningTcpConfig & { tls: ListeningTlsConfig };

/** What a server of Bun is opened with. */
export interface TlsServeOptions {
  hostname: string;
  port: number;
  reusePort: true;
  ipv6Only: boolean;
  tls: [ListeningTlsOptions, ...ListeningTlsOptions[]];
}

/** How one server is opened, and how it is left with the connections that it has. */
export interface TlsServerHandler<Server> {
  open(options: TlsServeOptions): Server;
  /** Lets the server take no further connection; those that it has stay. */
  retire(server: Server): void;
}

/** Says whether an endpoint has TLS. */
export function hasTls(endpoint: ListeningTcpConfig): endpoint is TlsEndpoint {
  return endpoint.tls !== undefined;
}

/** The servers of one port, of which the newest takes the connections. */
export class TlsServer<Server extends { readonly port?: number | undefined }> {
  readonly port: number;
  readonly #endpoint: TlsEndpoint;
  readonly #handler: TlsServerHandler<Server>;
  readonly #log: Logger;
  readonly #endWatch: () => void;
  #tls: TlsServeOptions["tls"];
  #newest: Server;
  #isStopped = false;

  /**
   * Listens.
   *
   * @throws Failure when a certificate cannot be used; what Bun throws when the port cannot be had.
   */
  constructor(endpoint: TlsEndpoint, handler: TlsServerHandler<Server>, log: Logger) {
    this.#endpoint = endpoint;
    this.#handler = handler;
    this.#log = log;
    // Watched before they are read, so that no change falls in between.
    this.#endWatch = watchFiles(filesOf(endpoint.tls), () => this.renew());
    try {
      this.#tls = listeningTlsOptions(endpoint.tls);
      if (!endpoint.shared && endpoint.port !== 0) refuseSharedPort(endpoint);
      this.#newest = this.#open(endpoint.port);
      this.port = this.#newest.port ?? endpoint.port;
    } catch (thrown) {
      this.#endWatch();
      throw thrown;
    }
  }

  /** The server that takes new connections. */
  get newest(): Server {
    return this.#newest;
  }

  /** Reads the certificates again. What cannot be used is logged, and all stays as it was. */
  renew(): void {
    if (this.#isStopped) return;
    const endpoint = printEndpoint(this.#endpoint);
    const before = this.#tls;
    try {
      const tls = listeningTlsOptions(this.#endpoint.tls);
      if (Bun.deepEquals(tls, before)) return;
      this.#tls = tls;
      const late = this.#newest;
      this.#newest = this.#open(this.port);
      this.#handler.retire(late);
      const { validTo } = new X509Certificate(tls[0].cert);
      this.#log.info("certificate renewed", { endpoint, valid_to: validTo });
    } catch (thrown) {
      this.#tls = before;
      this.#log.error("certificate not renewed", { endpoint, error: sentenceOf(thrown) });
    }
  }

  /** Takes no further connection and renews nothing; open connections stay. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#endWatch();
    this.#handler.retire(this.#newest);
  }

  #open(port: number): Server {
    const { interface: hostname, version } = this.#endpoint;
    const ipv6Only = version === 6;
    return this.#handler.open({ hostname, port, reusePort: true, ipv6Only, tls: this.#tls });
  }
}

/**
 * A port that can be renewed can be shared, which an operator who did not say `shared` does not
 * want. An exclusive socket for a moment shows whether another program of the same user has it.
 */
function refuseSharedPort({ interface: hostname, port, version }: TlsEndpoint): void {
  const where = { hostname, port, ipv6Only: version === 6, exclusive: true };
  Bun.listen({ ...where, socket: { data() {} } }).stop(true);
}

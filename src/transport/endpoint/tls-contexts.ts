/**
 * TlsContexts: the TLS settings of an endpoint by the name that a client asks for, read again when
 * their files change. TLS is begun with them on each connection that was accepted, so that a renewal
 * touches neither the listening socket nor any connection.
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

/** Says whether an endpoint has TLS. */
export function hasTls(endpoint: ListeningTcpConfig): endpoint is TlsEndpoint {
  return endpoint.tls !== undefined;
}

/** The settings of one endpoint, as they are now. */
export class TlsContexts {
  readonly #endpoint: TlsEndpoint;
  readonly #log: Logger;
  readonly #endWatch: () => void;
  #options: readonly ListeningTlsOptions[];

  /** @throws Failure when a certificate cannot be used. */
  constructor(endpoint: TlsEndpoint, log: Logger) {
    this.#endpoint = endpoint;
    this.#log = log;
    // Watched before they are read, so that no change falls in between.
    this.#endWatch = watchFiles(filesOf(endpoint.tls), () => this.renew());
    try {
      this.#options = listeningTlsOptions(endpoint.tls);
    } catch (thrown) {
      this.#endWatch();
      throw thrown;
    }
  }

  /** The settings for a name, in lower case; null: the client asked for none. */
  for(serverName: string | null): ListeningTlsOptions {
    const [otherwise, ...named] = this.#options as [ListeningTlsOptions, ...ListeningTlsOptions[]];
    if (serverName === null) return otherwise;
    const wildcard = serverName.replace(/^[^.]+/, "*");
    const exact = named.find((one) => one.serverName === serverName);
    return exact ?? named.find((one) => one.serverName === wildcard) ?? otherwise;
  }

  /** Reads the files again. What cannot be used is logged, and all stays as it was. */
  renew(): void {
    const endpoint = printEndpoint(this.#endpoint);
    try {
      const options = listeningTlsOptions(this.#endpoint.tls);
      if (Bun.deepEquals(options, this.#options)) return;
      this.#options = options;
      const { validTo } = new X509Certificate(options[0].cert);
      this.#log.info("certificate renewed", { endpoint, valid_to: validTo });
    } catch (thrown) {
      this.#log.error("certificate not renewed", { endpoint, error: sentenceOf(thrown) });
    }
  }

  /** Renews nothing any more. */
  stop(): void {
    this.#endWatch();
  }
}

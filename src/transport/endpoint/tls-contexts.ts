/**
 * TlsContexts: the TLS settings of an endpoint by the name that a client asks for, read again when
 * their files change, for connections whose TLS is begun by hand.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import type { Logger } from "#observe/logger.ts";
import { watchFiles } from "./file-watch.ts";
import { printEndpoint } from "./peer-address.ts";
import { filesOf, type ListeningTlsOptions, listeningTlsOptions } from "./tls-options.ts";
import type { TlsEndpoint } from "./tls-server.ts";

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
      this.#log.info("certificate renewed", { endpoint });
    } catch (thrown) {
      this.#log.error("certificate not renewed", { endpoint, error: sentenceOf(thrown) });
    }
  }

  /** Renews nothing any more. */
  stop(): void {
    this.#endWatch();
  }
}

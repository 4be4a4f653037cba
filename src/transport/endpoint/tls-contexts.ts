/**
 * TlsContexts: the TLS options of an endpoint by server name (SNI), read again when their files change.
 *
 * TLS begins on each accepted connection with the present options, so a renewal touches neither the
 * listening socket nor any open connection.
 *
 * @module
 */

import { X509Certificate } from "node:crypto";
import { sentenceOf } from "#base/failure.ts";
import type { ListeningTcpConfig, ListeningTlsConfig } from "#config/endpoint/endpoint-config.ts";
import type { Logger } from "#observe/logger.ts";
import { type ServedCertificate, servedCertificates } from "#observe/served-certificates.ts";
import { watchFiles } from "./file-watch.ts";
import { printEndpoint } from "./peer-address.ts";
import { filesOf, type ListeningTlsOptions, listeningTlsOptions } from "./tls-options.ts";

/** The options of an endpoint by server name; the first are for all other names, and for none. */
export type TlsOptionsList = readonly [ListeningTlsOptions, ...ListeningTlsOptions[]];

/** An endpoint that has TLS. */
export type TlsEndpoint = ListeningTcpConfig & { tls: ListeningTlsConfig };

/** Whether an endpoint has TLS. */
export function hasTls(endpoint: ListeningTcpConfig): endpoint is TlsEndpoint {
  return endpoint.tls !== undefined;
}

/** The present TLS options of one endpoint. */
export class TlsContexts {
  readonly #endpoint: TlsEndpoint;
  readonly #log: Logger;
  readonly #use: (options: TlsOptionsList) => void;
  readonly #stopWatch: () => void;
  #options: TlsOptionsList;

  /**
   * `use` is called with renewed options, for what cannot ask for those of each connection; it may throw, and the old ones
   * stay.
   *
   * @throws Failure when a certificate cannot be used.
   */
  constructor(
    endpoint: TlsEndpoint,
    log: Logger,
    use: (options: TlsOptionsList) => void = () => {},
  ) {
    this.#endpoint = endpoint;
    this.#log = log;
    this.#use = use;
    // Watched before they are read, so that no change is missed.
    this.#stopWatch = watchFiles(filesOf(endpoint.tls), () => this.renew());
    try {
      this.#options = listeningTlsOptions(endpoint.tls);
    } catch (thrown) {
      this.#stopWatch();
      throw thrown;
    }
    this.#note();
  }

  /** All of them. */
  get all(): TlsOptionsList {
    return this.#options;
  }

  /** The options for a server name in lower case; null: the client sent none. */
  for(serverName: string | null): ListeningTlsOptions {
    const [fallback, ...named] = this.#options;
    if (serverName === null) return fallback;
    const wildcard = serverName.replace(/^[^.]+/, "*");
    const exact = named.find((one) => one.serverName === serverName);
    return exact ?? named.find((one) => one.serverName === wildcard) ?? fallback;
  }

  /** Reads the files again. If one cannot be used, that is logged and the old options stay. */
  renew(): void {
    const endpoint = printEndpoint(this.#endpoint);
    try {
      const options = listeningTlsOptions(this.#endpoint.tls);
      if (Bun.deepEquals(options, this.#options)) return;
      this.#use(options);
      this.#options = options;
      this.#note();
      const { validTo } = new X509Certificate(options[0].cert);
      this.#log.info("certificate renewed", { endpoint, valid_to: validTo });
    } catch (thrown) {
      this.#log.error("certificate not renewed", { endpoint, error: sentenceOf(thrown) });
    }
  }

  /** Stops watching the files. */
  stop(): void {
    this.#stopWatch();
    servedCertificates.delete(this);
  }

  #note(): void {
    const { port } = this.#endpoint;
    servedCertificates.set(
      this,
      this.#options.map(({ cert }) => servedCertificate(port, cert)),
    );
  }
}

function servedCertificate(port: number, pem: ListeningTlsOptions["cert"]): ServedCertificate {
  const { subject, subjectAltName = "", validTo } = new X509Certificate(pem);
  const [, commonName] = /^CN=(.*)$/m.exec(subject) ?? [];
  const [, otherName = ""] = /^[A-Za-z ]+:([^,]*)/.exec(subjectAltName) ?? [];
  return { port, name: commonName ?? otherName, notAfter: Date.parse(validTo) / 1000 };
}

/**
 * The listening socket of the admin endpoint: a Unix socket, or a port, with or without TLS.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { Logger } from "#observe/logger.ts";
import { printAuthority } from "#transport/endpoint/peer-address.ts";
import {
  hasTls,
  TlsContexts,
  type TlsEndpoint,
  type TlsOptionsList,
} from "#transport/endpoint/tls-contexts.ts";
import { openUnixSocket } from "#transport/endpoint/unix-socket-file.ts";

/** No request has a body that is read. */
const MAX_BODY_OCTETS = 64 * 1024;

/** Answers a request. */
export type Serve = (request: Request) => Promise<Response>;

/** An open socket. */
export interface AdminListener {
  /** Where it listens, for the log. */
  url: string;
  /** Reads the certificates again, where there are any. */
  renewCertificates(): void;
  /** Ends it with its connections, and removes its socket file. */
  stop(): void;
}

/**
 * Listens, and answers requests by `serve`.
 *
 * @throws Failure when it cannot listen, or a certificate cannot be used.
 */
export async function openAdminListener(
  endpoint: ListeningEndpointConfig,
  serve: Serve,
  log: Logger,
): Promise<AdminListener> {
  if (endpoint.type === "unix") {
    const { server, removeFile } = await openUnixSocket(endpoint, (unix) =>
      Bun.serve({ ...optionsFor(serve), unix }),
    );
    const stop = () => {
      void server.stop(true);
      removeFile();
    };
    return { url: `unix:${endpoint.path}`, renewCertificates() {}, stop };
  }
  const { interface: hostname, port } = endpoint;
  const open: OpenPort = (tls) => {
    try {
      const options = { hostname, port, reusePort: false, ...(tls && { tls: [...tls] }) };
      return Bun.serve({ ...optionsFor(serve), ...options });
    } catch (cause) {
      const sentence = `Cannot listen on "${hostname}:${port}" for controller.admin: ${sentenceOf(cause)}`;
      throw new Failure(sentence, { source: "internal", cause });
    }
  };
  const authority = printAuthority(hostname, port);
  if (hasTls(endpoint)) return new TlsListener(`https://${authority}/`, endpoint, open, log);
  const server = open(null);
  const stop = () => void server.stop(true);
  return { url: `http://${authority}/`, renewCertificates() {}, stop };
}

/** Opens the port; null: without TLS. */
type OpenPort = (tls: TlsOptionsList | null) => Server;

type Server = Bun.Server<undefined>;

/** Without `development` Bun would also share the port with other programs, unless `reusePort` is false. */
function optionsFor(fetch: Serve) {
  return { fetch, maxRequestBodySize: MAX_BODY_OCTETS, development: false as const };
}

/**
 * A port with TLS. Bun's Web server keeps the certificates with which it was opened, so that renewed ones need another
 * one: the port is closed and opened again at once, and requests that have begun are answered.
 */
class TlsListener implements AdminListener {
  readonly url: string;
  readonly #open: OpenPort;
  readonly #contexts: TlsContexts;
  #server: Server;

  constructor(url: string, endpoint: TlsEndpoint, open: OpenPort, log: Logger) {
    this.url = url;
    this.#open = open;
    this.#contexts = new TlsContexts(endpoint, log, (options) => this.#reopen(options));
    try {
      this.#server = open(this.#contexts.all);
    } catch (thrown) {
      this.#contexts.stop();
      throw thrown;
    }
  }

  #reopen(options: TlsOptionsList): void {
    void this.#server.stop();
    try {
      this.#server = this.#open(options);
    } catch (thrown) {
      this.#server = this.#open(this.#contexts.all);
      throw thrown;
    }
  }

  renewCertificates(): void {
    this.#contexts.renew();
  }

  stop(): void {
    this.#contexts.stop();
    void this.#server.stop(true);
  }
}

/**
 * HandedOverRequests: requests for long-poll transports of other workers, which share the port. Each is passed to
 * the socket of its worker while it comes, and so is the answer.
 *
 * @module
 */

import type { LongPollServiceConfig } from "#config/web-service/longpoll-config.ts";
import type { ReverseProxyServiceConfig } from "#config/web-service/reverse-proxy-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import { type ProxiedPath, ProxiedRequest } from "#transport/web/reverse-proxy/proxied-request.ts";
import type {
  UpstreamConnection,
  UpstreamEvents,
} from "#transport/web/reverse-proxy/upstream-connection.ts";
import type { StreamedRequest } from "#transport/web/streaming-service.ts";
import { sentenceAnswer } from "./longpoll-answers.ts";
import type { LongPollTransports } from "./longpoll-transports.ts";

/** Time to reach a worker of this machine. */
const CONNECT_MS = 5_000;

/** Time for its answer, beyond that for which the request may have to wait there. */
const ANSWER_MS = 30_000;

/** For so long a send may wait for its session where `stall_timeout` is 0. */
const LONGEST_STALL_MS = 3_600_000;

/** Time in which more of a body has to come. */
const IDLE_MS = 60_000;

const UNREACHED = "The worker of this transport cannot be reached";

/** Each has a connection of its own. */
const NO_POOL: ProxiedPath["pool"] = {
  take: () => undefined,
  keep: (connection) => connection.destroy(),
};

/** What the worker of a transport is told once the client has taken an answer. */
const TAKEN = Buffer.from("POST /taken HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");

/**
 * Tells the worker of a transport whether the client has taken an answer. Where the connection to it is lost, the
 * client has not.
 */
class Confirmation implements UpstreamEvents {
  #connection: UpstreamConnection | null = null;
  #isSent = false;

  /** The answer has come whole over this connection. */
  keep(connection: UpstreamConnection): void {
    this.#connection = connection;
    connection.handTo(this);
    connection.resume();
  }

  /** The client has taken the answer, or is gone. */
  send(isTaken: boolean): void {
    if (!isTaken) this.#close();
    else if (this.#connection?.isOpen) {
      this.#isSent = true;
      this.#connection.write(TAKEN);
    }
  }

  onUpstreamOpen(): void {}

  onUpstreamDrain(): void {}

  onUpstreamOctets(): void {
    // The answer to it.
    if (this.#isSent) this.#close();
  }

  onUpstreamEnd(): void {
    this.#close();
  }

  onUpstreamLost(): void {}

  #close(): void {
    this.#connection?.destroy();
    this.#connection = null;
  }
}

/** So that no message is sent to a client that has gone, or lost with one that goes. */
function confirmed(): Partial<ProxiedPath> {
  const confirmation = new Confirmation();
  return {
    pool: { take: () => undefined, keep: (connection) => confirmation.keep(connection) },
    onClientDone: (isTaken) => confirmation.send(isTaken),
    endsWithClient: true,
  };
}

/** The requests of one path that other workers answer. */
export class HandedOverRequests {
  readonly #options: ReverseProxyServiceConfig["options"];
  readonly #log: Logger;
  readonly #transports: LongPollTransports;
  readonly #open = new Set<ProxiedRequest>();

  constructor({ options }: LongPollServiceConfig, transports: LongPollTransports, log: Logger) {
    const { request_timeout, stall_timeout, max_transports } = options;
    const waits = Math.max(request_timeout, stall_timeout || LONGEST_STALL_MS);
    this.#log = log;
    this.#transports = transports;
    this.#options = {
      response_timeout: waits + ANSWER_MS,
      idle_timeout: IDLE_MS,
      max_requests: max_transports,
    };
  }

  /** Passes a request on; `headers` are those of an answer that this worker has to give itself. */
  open(
    streamed: StreamedRequest,
    socketFile: string,
    headers: Readonly<Record<string, string>>,
  ): ConnectionEvents {
    const answer = (status: number, sentence: string): HttpAnswer => {
      const { body, ...made } = sentenceAnswer(status, sentence);
      return { ...made, body, headers: { ...headers, ...made.headers } };
    };
    const isReceive = streamed.path.endsWith("/receive");
    const path = {
      config: {
        upstream: { type: "unix", path: socketFile, timeoutMs: CONNECT_MS, isWebServer: true },
        path: "",
        forwarded_port: null,
        forwarded_proto: null,
        options: this.#options,
      },
      pool: NO_POOL,
      log: this.#log,
      failureAnswer: (status: 502 | 504) => answer(status, UNREACHED),
      ...(isReceive && confirmed()),
    } as const;
    const request = new ProxiedRequest(streamed, path, () => {
      this.#open.delete(request);
      this.#transports.noteHandedOver(-1);
    });
    const isFull = this.#open.size >= this.#options.max_requests;
    this.#open.add(request);
    this.#transports.noteHandedOver(1);
    if (isFull) request.refuse(answer(503, "Cannot take the request: too many are waiting"));
    else request.begin();
    return request;
  }

  /** Ends every request. */
  close(): void {
    const answer = sentenceAnswer(503, "Cannot take the request: the node shuts down");
    for (const request of [...this.#open]) request.refuse(answer);
  }
}

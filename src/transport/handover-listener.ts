/**
 * startHandoverListener: listens on the socket of this worker, to which the other workers of the node hand requests
 * for its long-poll transports over.
 *
 * The folder of these sockets is open to the user of the node alone.
 *
 * @module
 */

import { lstatSync, mkdirSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";

import { errorCodeOf, sentenceOf } from "#base/failure.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";
import { EndpointAcceptor } from "./accept/endpoint-acceptor.ts";
import type { ConnectionEvents, ConnectionSocket } from "./endpoint/connection.ts";
import { PersistentConnection, type ReadNextRequest } from "./http/persistent-connection.ts";
import { RefusedConnection } from "./http/refused-connection.ts";
import { HEAD_REFUSALS, type HeadRefusal, type RequestHead } from "./http/request-head.ts";
import type { Listener, TransportContext } from "./listener.ts";
import type { LongPollTransports } from "./web/longpoll/longpoll-transports.ts";
import type { StreamedRequest } from "./web/streaming-service.ts";

/** Time for the head of a request. */
const HEAD_MS = 10_000;

/** A worker that takes requests for its transports from others. */
export type HandoverListener = Pick<Listener, "close">;

/**
 * Listens, and makes the folder where there is none. Null: it cannot, which is logged. Then the other workers answer
 * requests for the transports of this one as if there was no such transport.
 */
export async function startHandoverListener(
  transports: LongPollTransports,
  { log }: TransportContext,
): Promise<HandoverListener | null> {
  const path = transports.ownSocket;
  if (path === null) return null;
  const requests = new HandedRequests(transports);
  const endpoint = { type: "unix", path, permission: 0o600 } as const;
  const acceptor = new EndpointAcceptor(endpoint, {
    transport: "handover",
    handlers: { rawSocket: null, mqtt: null, http: requests },
    handshakeMs: HEAD_MS,
    descriptorsPerClient: 1,
    log,
  });
  try {
    makeFolder(dirname(path));
    await acceptor.open();
  } catch (thrown) {
    log.warn("requests of shared ports are not handed over", { reason: sentenceOf(thrown) });
    return null;
  }
  return {
    async close() {
      acceptor.stop();
      requests.close();
      await acceptor.close();
      removeFolder(dirname(path));
    },
  };
}

/** @throws Error when it cannot be made, or others could use it. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (thrown) {
    // Another worker has made it.
    if (errorCodeOf(thrown) !== "EEXIST") throw thrown;
  }
  const { uid, mode } = lstatSync(folder);
  if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
    throw new Error(`Cannot use folder "${folder}": others may use it too`);
  }
}

/** Removes the folder, if this worker was the last one in it: the controller may have been killed. */
function removeFolder(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Another worker has its socket in it.
  }
}

/** Waits for the other worker to say whether the client has taken an answer. */
class AwaitedConfirmation {
  #over: ((isTaken: boolean) => void) | null = null;

  get isAwaited(): boolean {
    return this.#over !== null;
  }

  wait(over: (isTaken: boolean) => void): void {
    this.#over = over;
  }

  /** It has said so, or its connection is closed. */
  come(isTaken: boolean): void {
    const over = this.#over;
    this.#over = null;
    over?.(isTaken);
  }
}

/** The requests that other workers hand over. */
class HandedRequests {
  readonly #transports: LongPollTransports;
  readonly #persistent = new Set<PersistentConnection>();

  constructor(transports: LongPollTransports) {
    this.#transports = transports;
  }

  dispatch(
    socket: ConnectionSocket,
    details: ConnectionDetails,
    first: RequestHead,
  ): ConnectionEvents {
    const confirmation = new AwaitedConfirmation();
    const take = (head: RequestHead, readNextRequest: ReadNextRequest) => {
      // After an answer, that is all it says.
      if (confirmation.isAwaited) {
        confirmation.come(head.requestLine.startsWith("POST /taken "));
        return refused(socket, 200);
      }
      const confirm = confirmation.wait.bind(confirmation);
      return this.#take(socket, details, head, { readNextRequest, confirm });
    };
    const persistent = new PersistentConnection({
      socket,
      take,
      takeFaulty: (fault) => refused(socket, HEAD_REFUSALS[fault].status),
      onEnd: () => {
        confirmation.come(false);
        this.#persistent.delete(persistent);
      },
    });
    this.#persistent.add(persistent);
    persistent.begin((readNextRequest) => take(first, readNextRequest));
    return persistent;
  }

  refuse(
    socket: ConnectionSocket,
    _details: ConnectionDetails,
    _head: RequestHead,
    { status }: HeadRefusal,
  ): ConnectionEvents {
    return refused(socket, status);
  }

  /** Closes the connections that wait for a request. */
  close(): void {
    for (const connection of this.#persistent) connection.end();
  }

  #take(
    socket: ConnectionSocket,
    details: ConnectionDetails,
    head: RequestHead,
    after: Pick<StreamedRequest, "readNextRequest" | "confirm">,
  ): ConnectionEvents {
    const request = head.request();
    if (typeof request === "string") return refused(socket, HEAD_REFUSALS[request].status);
    const path = request.url.pathname;
    const service = this.#transports.serviceFor(path.split("/")[1] ?? "");
    if (service === undefined) return refused(socket, 404);
    const { method, url, headers, isHttp10, framing } = request;
    const asked = { method, url, headers, isHttp10, framing };
    return service.open({
      request: { ...asked, peer: details.peer, isSecure: false, strictTransport: "" },
      lines: head.lines,
      path,
      details,
      limit: undefined,
      chain: [],
      socket,
      octetsAfterHead: head.octetsAfterHead,
      ...after,
    });
  }
}

function refused(socket: ConnectionSocket, status: number): RefusedConnection {
  return new RefusedConnection(socket, status, { strictTransport: "" });
}

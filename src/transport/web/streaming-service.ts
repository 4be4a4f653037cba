/**
 * StreamingService: answers requests at one path while they are read, or while their answers are made. All
 * other Web services get whole requests and give whole answers.
 *
 * @module
 */

import type { ConnectionEvents, ConnectionSocket } from "#transport/endpoint/connection.ts";
import type { ConnectionLimit } from "#transport/endpoint/connection-limit.ts";
import type { ClientRequest, HttpRequest } from "#transport/http/http-request.ts";
import type { ReadNextRequest } from "#transport/http/persistent-connection.ts";
import type { ConnectionDetails } from "#wamp/peer.ts";

/** A request whose head is complete, and the connection that it came on. */
export interface StreamedRequest {
  request: ClientRequest;
  /** The lines of the head as the client wrote them, in Latin-1. */
  lines: readonly string[];
  /** The path below the mount as it is in the URL, with its slash; empty for the mount itself. */
  path: string;
  /** The connection; behind trusted proxies, its other side is the last of them. */
  details: ConnectionDetails;
  /** The client and the trusted proxies before the connection; empty where no trusted proxy names a client. */
  chain: readonly string[];
  /** Counts connections that stay; undefined: they are not counted. */
  limit: ConnectionLimit | undefined;
  socket: ConnectionSocket;
  /** Borrowed. */
  octetsAfterHead: Uint8Array;
  /** Called after an answer that leaves the connection open. */
  readNextRequest: ReadNextRequest;
  /**
   * Set where the other side of the connection is a worker that passes the answer on: has `over` called once it
   * says whether the client has taken the answer.
   */
  confirm?: (over: (isTaken: boolean) => void) => void;
}

/** The streaming side of a Web service. */
export interface StreamingService {
  /** Whether it takes this request; the others are handled as whole ones. Absent: it takes all. */
  takes?(request: HttpRequest, path: string): boolean;
  /** Takes a request over; the result receives the events of its connection from now on. */
  open(request: StreamedRequest): ConnectionEvents;
}

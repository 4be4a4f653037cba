/**
 * ConnectionTable: how a Web server behind a front door learns whose connection a request came on.
 *
 * The door puts a header with a random id of 128 bits behind the request line of each connection's
 * first request. Nobody outside this process ever sees an id, and each counts once, so a client
 * gains nothing by sending such a header of its own: beside the door's it makes a value that is no
 * id, and alone it would have to be guessed.
 *
 * @module
 */

import { randomBytes } from "node:crypto";
import type { ConnectionDetails } from "#wamp/peer.ts";

/** The header's name. */
const HEADER = "X-Crossproxy-Connection";

const ID_OCTETS = 16;

/** Connections whose first request is on its way to the Web server. */
export class ConnectionTable {
  readonly #details = new Map<string, ConnectionDetails>();
  readonly #met = new WeakMap<Request, ConnectionDetails>();

  /** Notes a connection; gives its id. */
  add(details: ConnectionDetails): string {
    const id = randomBytes(ID_OCTETS).toString("hex");
    this.#details.set(id, details);
    return id;
  }

  /** The header line, without its end, that names a connection. */
  headerFor(id: string): string {
    return `${HEADER}: ${id}`;
  }

  /** Looks up a request's connection, and takes the header away, so that no service sees an id. */
  meet(request: Request): void {
    const id = request.headers.get(HEADER);
    if (id === null) return;
    request.headers.delete(HEADER);
    const details = this.#details.get(id);
    if (details === undefined) return;
    this.#details.delete(id);
    this.#met.set(request, details);
  }

  /** Gives the details of a request's connection; null when it is not a connection's first. */
  detailsOf(request: Request): ConnectionDetails | null {
    return this.#met.get(request) ?? null;
  }

  /** Forgets a connection that is over. */
  forget(id: string): void {
    this.#details.delete(id);
  }
}

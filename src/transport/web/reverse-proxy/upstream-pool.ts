/**
 * UpstreamPool: connections to an upstream server whose answer was complete, kept for further requests.
 *
 * @module
 */

import type { UpstreamConnection, UpstreamEvents } from "./upstream-connection.ts";

/** Most connections that are kept for one path. */
const MAX_KEPT = 16;

/** Time for which a connection is kept: shorter than the 5 s for which many servers keep theirs. */
const KEPT_MS = 4_000;

/** The kept connections of one path. */
export class UpstreamPool {
  readonly #kept = new Map<UpstreamConnection, ReturnType<typeof setTimeout>>();

  /** Takes the connection that was used last; undefined: none is kept. */
  take(): UpstreamConnection | undefined {
    const connection = [...this.#kept.keys()].at(-1);
    if (connection !== undefined) this.#remove(connection);
    return connection;
  }

  /** Keeps a connection, or closes it where there are enough. */
  keep(connection: UpstreamConnection): void {
    if (this.#kept.size >= MAX_KEPT || !connection.isOpen) {
      connection.destroy();
      return;
    }
    const drop = () => {
      this.#remove(connection);
      connection.destroy();
    };
    connection.handTo(new IdleEvents(drop));
    // It may have been paused for a client that read slowly.
    connection.resume();
    this.#kept.set(connection, setTimeout(drop, KEPT_MS));
  }

  /** Closes all. */
  close(): void {
    for (const connection of [...this.#kept.keys()]) {
      this.#remove(connection);
      connection.destroy();
    }
  }

  #remove(connection: UpstreamConnection): void {
    clearTimeout(this.#kept.get(connection));
    this.#kept.delete(connection);
  }
}

/** An idle connection is dropped whatever its server does, because no answer is due. */
class IdleEvents implements UpstreamEvents {
  readonly onUpstreamOctets: () => void;
  readonly onUpstreamEnd: () => void;
  readonly onUpstreamLost: () => void;

  constructor(drop: () => void) {
    this.onUpstreamOctets = drop;
    this.onUpstreamEnd = drop;
    this.onUpstreamLost = drop;
  }

  onUpstreamOpen(): void {}

  onUpstreamDrain(): void {}
}

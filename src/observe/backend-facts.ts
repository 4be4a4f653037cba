/**
 * Backends by their names, and what a worker knows of its own.
 *
 * @module
 */

import type { RouterHealth } from "./statistics.ts";

/** Names the routers behind a connection of node.json, or the one of them at an address of its host. */
export interface BackendName {
  connection: string;
  /** Null: all of the connection; of a single backend: it is connected to by a name or a socket file. */
  address: string | null;
}

/** One backend of a worker. */
export interface BackendFacts extends BackendName {
  health: RouterHealth;
  sessions: number;
  isMarkedDown: boolean;
}

/** Whether the first name is that of the second, or of the whole connection of it. */
export function covers(one: BackendName, other: BackendName): boolean {
  const { connection, address } = one;
  return connection === other.connection && (address === null || address === other.address);
}

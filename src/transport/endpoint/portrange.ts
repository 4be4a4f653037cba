/**
 * The first free port of `portrange`.
 *
 * @module
 */

import type { ListeningTcpConfig } from "#config/node-config.ts";

/**
 * Listens on the endpoint's port, or on the first of its range that nobody has: `listen` is called
 * with one port after the other, so that no other program can come in between.
 *
 * @throws What `listen` throws for the last port, or at once when the port is not the reason.
 */
export function listenInPortRange<Server>(
  { port, portrange = [port, port] }: ListeningTcpConfig,
  listen: (port: number) => Server,
): Server {
  const [first, last] = portrange;
  for (let at = first; ; at++) {
    try {
      return listen(at);
    } catch (thrown) {
      if (at >= last || !isInUse(thrown)) throw thrown;
    }
  }
}

function isInUse(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === "EADDRINUSE";
}

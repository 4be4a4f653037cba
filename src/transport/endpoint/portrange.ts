/**
 * listenInPortRange: the first free port of `portrange`.
 *
 * @module
 */

import { errorCodeOf } from "#base/failure.ts";
import type { ListeningTcpConfig } from "#config/endpoint/endpoint-config.ts";

/**
 * Listens on the endpoint's port, or on the first free port of its range: `listen` is tried with one port
 * after the other, so that no other program can take a port between a check and its use.
 *
 * @throws The error of `listen` for the last port, or at once an error other than a port in use.
 */
export function listenInPortRange<Server>(
  { port, portrange = [port, port] }: ListeningTcpConfig,
  listen: (port: number) => Server,
): Server {
  const [first, last] = portrange;
  for (let candidate = first; ; candidate++) {
    try {
      return listen(candidate);
    } catch (thrown) {
      if (candidate >= last || errorCodeOf(thrown) !== "EADDRINUSE") throw thrown;
    }
  }
}

/**
 * A backend of a route whose router's socket does not exist.
 *
 * @module
 */

import type { BalancingConfig } from "#config/connection/connection-config.ts";
import { Backend } from "#proxy/routing/backend.ts";
import { DownMarks } from "#proxy/routing/down-marks.ts";
import { Route } from "#proxy/routing/realm-routes.ts";
import { afterTest } from "./cleanups.ts";
import { quiet } from "./quiet-context.ts";

/** The backend `id`, which carries so many sessions. It is down after one failure, up after one success. */
export function unreachableBackend(id: string, sessions = 0): Backend {
  const made = new Backend(
    {
      id,
      transport: {
        type: "rawsocket",
        endpoint: { type: "unix", path: `/run/${id}.sock`, timeoutMs: 1000 },
        serializer: "cbor",
        max_message_size: 2 ** 24,
      },
      auth: "anonymous-proxy",
      health_check: { interval: 1_000_000, rise: 1, fall: 1, while_up: false },
    },
    { log: quiet, slowStartMs: 1000, marks: new DownMarks() },
  );
  afterTest(() => made.stop());
  made.sessions = sessions;
  return made;
}

/** A route over these, each behind a connection of its own. */
export function routeOver(backends: Backend[], policy: BalancingConfig["policy"]): Route {
  const sources = backends.map((backend) => ({
    current: [backend],
    get wasReached() {
      return backend.wasReached;
    },
  }));
  return new Route(sources, policy);
}

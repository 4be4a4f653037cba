/**
 * Why a router believes what the proxy says of its clients.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { ConnectionAuth } from "#config/connection/connection-config.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { Backend } from "./backend.ts";

/**
 * How the proxy authenticates to a router in order to vouch for a client.
 *
 * @throws Failure of the configuration where it cannot, so that the router is not even connected to.
 */
export function vouchingAuth({ config: { id, auth } }: Backend): ConnectionAuth {
  if (auth !== null) return auth;
  throw new Failure(
    `Cannot join over connection "${id}": the proxy has no proof for its router, which needs cryptosign-proxy`,
    { source: "config", uri: ErrorUri.authenticationFailed },
  );
}

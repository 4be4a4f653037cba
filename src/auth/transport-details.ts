/**
 * Transport details as routers and authenticators are told them.
 *
 * @module
 */

import type { TransportDetails } from "#wamp/peer.ts";

/** Crossbar's form of transport details, without HTTP headers, cookies and process ids. */
export function printTransport(transport: TransportDetails): Record<string, unknown> {
  return {
    channel_type: transport.isSecure ? "tls" : "tcp",
    channel_framing: transport.type,
    channel_serializer: transport.serializer,
    peer: transport.peer,
    is_server: true,
    is_secure: transport.isSecure,
  };
}

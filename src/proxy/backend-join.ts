/**
 * Joining on a router in a client's name, as `anonymous-proxy`, and what the client is told of it.
 *
 * @module
 */

import type { SessionIdentity } from "#auth/session-identity.ts";
import { printTransport } from "#auth/transport-details.ts";
import { asRecord } from "#base/record.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { TransportDetails } from "#wamp/peer.ts";

/**
 * The HELLO with which the proxy vouches for an authenticated client (Crossbar: anonymous-proxy), or
 * for itself, who has no transport to tell of.
 */
export function helloToRouter(
  identity: SessionIdentity,
  client: { roles: Record<string, unknown>; transport?: TransportDetails },
  nodeId: string,
): unknown[] {
  return [
    MessageType.HELLO,
    identity.realm,
    {
      roles: client.roles,
      authid: nodeId,
      authmethods: ["anonymous-proxy"],
      authextra: {
        proxy_realm: identity.realm,
        proxy_authid: identity.authid,
        proxy_authrole: identity.authrole,
        proxy_authmethod: identity.authmethod,
        proxy_authprovider: identity.authprovider,
        proxy_authextra: {
          ...identity.authextra,
          ...(client.transport && { transport: printTransport(client.transport) }),
        },
      },
    },
  ];
}

/**
 * The WELCOME for the client, made of the router's WELCOME and how the client authenticated; `extra`
 * is what the authmethod has to tell the client.
 */
export function welcomeToClient(
  welcome: readonly unknown[],
  identity: SessionIdentity,
  extra: Record<string, unknown> = {},
): unknown[] {
  const [type, session, rawDetails] = welcome;
  const details = asRecord(rawDetails);
  return [
    type,
    session,
    {
      ...details,
      realm: details["realm"] ?? identity.realm,
      authid: details["authid"] ?? identity.authid,
      authrole: details["authrole"] ?? identity.authrole,
      authmethod: identity.authmethod,
      authprovider: identity.authprovider,
      authextra: { ...authextraForClient(asRecord(details["authextra"])), ...extra },
    },
  ];
}

// Deviation: Crossbar returns the transport details with all HTTP headers, and names of nodes and
// process ids (`x_cb_*`), to the client.
function authextraForClient(authextra: Record<string, unknown>): Record<string, unknown> {
  const isPublic = ([name]: [string, unknown]) => name !== "transport" && !name.startsWith("x_cb_");
  return Object.fromEntries(Object.entries(authextra).filter(isPublic));
}

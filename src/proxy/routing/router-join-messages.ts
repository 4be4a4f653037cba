/**
 * Joining a router in a client's name: the proxy's HELLO and AUTHENTICATE for the router, and the
 * WELCOME for the client.
 *
 *     proxy                                                        router
 *       │  HELLO, authextra: pubkey, proxy_realm, proxy_authid ...    │
 *       ├────────────────────────────────────────────────────────────►│
 *       │              CHALLENGE, cryptosign-proxy (not Crossbar)     │
 *       │◄────────────────────────────────────────────────────────────┤
 *       │                       AUTHENTICATE, signed with the node's key
 *       ├────────────────────────────────────────────────────────────►│
 *       │                         WELCOME                             │
 *       │◄────────────────────────────────────────────────────────────┤
 *
 * @module
 */

import { signChallenge } from "#auth/cryptosign-challenge.ts";
import type { SessionIdentity } from "#auth/session-identity.ts";
import { printTransport } from "#auth/transport-details.ts";
import { publicKeyOf } from "#base/ed25519.ts";
import { Failure } from "#base/failure.ts";
import { asRecord } from "#base/record.ts";
import type { ConnectionAuth } from "#config/connection/connection-config.ts";
import { announcedRoles } from "#wamp/client-roles.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { TransportDetails } from "#wamp/peer.ts";

/** With what the proxy's node authenticates itself to routers. */
export interface NodeCredentials {
  nodeId: string;
  /** Ed25519 keys in hex; undefined where no connection needs them. */
  key?: { privateKey: string; publicKey: string };
}

/** The credentials of a node; its private key is in hex, or null. */
export function nodeCredentials(nodeId: string, privateKey: string | null): NodeCredentials {
  if (privateKey === null) return { nodeId };
  return { nodeId, key: { privateKey, publicKey: publicKeyOf(privateKey) } };
}

/**
 * The HELLO with which the proxy vouches for an authenticated client, in the form of Crossbar's
 * proxies. For the proxy's own sessions there is no client transport.
 */
export function helloToRouter(
  identity: SessionIdentity,
  client: { roles: Record<string, unknown>; transport?: TransportDetails },
  node: NodeCredentials,
  authmethod: ConnectionAuth,
): unknown[] {
  return [
    MessageType.HELLO,
    identity.realm,
    {
      roles: rolesForRouter(client.roles),
      authid: node.nodeId,
      authmethods: [authmethod],
      authextra: {
        ...(node.key !== undefined && { pubkey: node.key.publicKey }),
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
 * The announced roles that are client roles of WAMP, with their boolean features. Crossbar's routers
 * close the connection at a HELLO with other roles, or with a feature that is not a boolean.
 */
function rolesForRouter(announced: Record<string, unknown>): Record<string, unknown> {
  const roles = announcedRoles(announced);
  return Object.fromEntries(roles.map((role) => [role, featuresOf(asRecord(announced[role]))]));
}

function featuresOf(role: Record<string, unknown>): Record<string, unknown> {
  const features = Object.entries(asRecord(role["features"]));
  const plain = features.filter(([, value]) => typeof value === "boolean");
  return plain.length > 0 ? { features: Object.fromEntries(plain) } : {};
}

/**
 * The AUTHENTICATE that answers a router's CHALLENGE.
 *
 * @throws Failure from the router's side when it asks for anything but a signature of the node's key.
 */
export function answerChallenge(challenge: readonly unknown[], node: NodeCredentials): unknown[] {
  const [, authmethod, extra] = challenge;
  const { challenge: hex, channel_binding } = asRecord(extra) as ChallengeExtra;
  const isSupported = authmethod === "cryptosign-proxy" && (channel_binding ?? null) === null;
  const signature =
    isSupported && node.key !== undefined ? signChallenge(hex, node.key.privateKey) : undefined;
  if (signature !== undefined) return [MessageType.AUTHENTICATE, signature, {}];
  throw new Failure("Cannot answer CHALLENGE: it is none for cryptosign-proxy", {
    source: "router",
  });
}

interface ChallengeExtra {
  challenge?: unknown;
  channel_binding?: unknown;
}

/**
 * The WELCOME for the client, composed of the router's WELCOME and the client's identity on the proxy;
 * `extra` is what the authmethod adds to `authextra` for the client.
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
      ...publicOf(details),
      realm: details["realm"] ?? identity.realm,
      authid: details["authid"] ?? identity.authid,
      authrole: details["authrole"] ?? identity.authrole,
      authmethod: identity.authmethod,
      authprovider: identity.authprovider,
      authextra: {
        ...publicOf({ ...identity.authextra, ...asRecord(details["authextra"]) }),
        ...extra,
      },
    },
  ];
}

// Deviation: Crossbar returns the transport details with all HTTP headers, and names of nodes and
// process ids (`x_cb_*`), to the client.
function publicOf(details: Record<string, unknown>): Record<string, unknown> {
  const isPublic = ([name]: [string, unknown]) => name !== "transport" && !name.startsWith("x_cb_");
  return Object.fromEntries(Object.entries(details).filter(isPublic));
}

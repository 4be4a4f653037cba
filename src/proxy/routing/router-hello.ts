/**
 * Joining on a router in a client's name, and what the client is told of it.
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
import type { ConnectionConfig } from "#config/node-config.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { TransportDetails } from "#wamp/peer.ts";

/** How the proxy's node shows routers who it is. */
export interface NodeCredentials {
  nodeId: string;
  /** Ed25519 keys in hex; undefined where no connection needs them. */
  key?: { privateKey: string; publicKey: string };
}

/** The credentials of a node, by its private key in hex or null. */
export function nodeCredentials(nodeId: string, privateKey: string | null): NodeCredentials {
  if (privateKey === null) return { nodeId };
  return { nodeId, key: { privateKey, publicKey: publicKeyOf(privateKey) } };
}

/**
 * The HELLO with which the proxy vouches for an authenticated client, as Crossbar's proxies say it, or
 * for itself, who has no transport to tell of.
 */
export function helloToRouter(
  identity: SessionIdentity,
  client: { roles: Record<string, unknown>; transport?: TransportDetails },
  node: NodeCredentials,
  authmethod: ConnectionConfig["auth"],
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

const CLIENT_ROLES = ["publisher", "subscriber", "caller", "callee"];

/**
 * The roles and features that a client announced, as far as WAMP knows such: Crossbar's routers hang
 * up on a HELLO with other roles, with none, or with a feature that is neither true nor false.
 */
function rolesForRouter(announced: Record<string, unknown>): Record<string, unknown> {
  const roles = CLIENT_ROLES.filter((role) => Object.hasOwn(announced, role));
  // Whoever announces none may still take any part, and is expected to have no features.
  const known = roles.length > 0 ? roles : CLIENT_ROLES;
  return Object.fromEntries(known.map((role) => [role, featuresOf(asRecord(announced[role]))]));
}

function featuresOf(role: Record<string, unknown>): Record<string, unknown> {
  const features = Object.entries(asRecord(role["features"]));
  const plain = features.filter(([, value]) => typeof value === "boolean");
  return plain.length > 0 ? { features: Object.fromEntries(plain) } : {};
}

/**
 * The AUTHENTICATE that answers a router's CHALLENGE.
 *
 * @throws Failure from the router's side when it asks for anything but a signature of ours.
 */
export function answerChallenge(challenge: readonly unknown[], node: NodeCredentials): unknown[] {
  const [, authmethod, extra] = challenge;
  const { challenge: asked, channel_binding } = asRecord(extra) as ChallengeExtra;
  const isOurs = authmethod === "cryptosign-proxy" && (channel_binding ?? null) === null;
  const signature =
    isOurs && node.key !== undefined ? signChallenge(asked, node.key.privateKey) : undefined;
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

/**
 * `auth`: the authmethods of a transport, and of a connection to a router.
 *
 * @module
 */

import * as v from "valibot";
import type { ConnectionAuth } from "#config/connection/connection-config.ts";
import { defaulted, optional, required, withoutEffect } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { item, itemOr, lenientItem, mapOf } from "#config/schema/item.ts";
import { anything, text } from "#config/schema/primitive.ts";
import type { Schema } from "#config/schema/schema-shape.ts";
import { always, itemNotOffered, unhonoured } from "#config/schema/unhonoured.ts";
import type { Authmethod } from "./auth-config.ts";
import { askingTypes } from "./authenticator-schema.ts";
import { cryptosign } from "./cryptosign-schema.ts";
import { isStatic, publicKeys } from "./principal-schema.ts";
import { scram } from "./scram-schema.ts";
import { ticket } from "./ticket-schema.ts";
import { tls } from "./tls-schema.ts";
import { wampcra } from "./wampcra-schema.ts";

const anonymous = byType({
  static: item({
    type: isStatic,
    role: defaulted(text, "anonymous", "Role of every client that joins with it."),
    authid: optional(text, "authid of every client that joins with it; absent: a random one each."),
    realm: withoutEffect(text),
  }),
  ...askingTypes,
});

const trustedProxy = byType(
  {
    static: item({
      type: isStatic,
      role: optional(unhonoured(text, always, "the proxy names the role")),
      authid: optional(unhonoured(text, always, "the proxy names the authid")),
      realm: optional(unhonoured(text, always, "the proxy names the realm")),
    }),
  },
  {
    unlisted: {
      dynamic: itemNotOffered(
        "dynamic",
        "the proxy is believed, and no authenticator is asked",
        "As `static`.",
      ),
    },
    refused: {
      function:
        'authmethod "anonymous-proxy" of type "function" is not supported: the proxy is believed',
    },
  },
);

const proxyNode = item({
  authorized_keys: required(
    publicKeys,
    "Ed25519 public keys in hex; `crossproxy keys` and `crossbar keys` print a node's.",
  ),
  role: optional(unhonoured(text, always, "the proxy names the role of each session")),
  realm: optional(unhonoured(text, always, "the proxy names the realm of each session")),
});

const signedProxy = byType({
  static: lenientItem({
    type: isStatic,
    principals: required(mapOf(v.string(), proxyNode), "Id of a node -> its keys."),
  }),
  ...askingTypes,
});

/** Authmethods of a listening transport. */
export const auth = item({
  anonymous: optional(anonymous, "Anyone may join."),
  ticket: optional(ticket, "A secret, or a token of an issuer, which the client sends."),
  wampcra: optional(wampcra, "A secret that is never sent: the client signs a challenge with it."),
  scram: optional(scram, "A password that is never sent, of which only derived keys are kept."),
  cryptosign: optional(cryptosign, "A private key, with which the client signs a challenge."),
  tls: optional(tls, "The certificate that the client sent in the TLS handshake."),
  cookie: optional(
    anything,
    "The cookie of a WebSocket client that has joined with it before; what is in it has no effect.",
  ),
  "anonymous-proxy": optional(
    trustedProxy,
    "Router only, Unix sockets only: takes the identity that a proxy vouches for. Elsewhere it has no effect.",
  ),
  "cryptosign-proxy": optional(
    signedProxy,
    "Router only: the same from proxies that sign a challenge with the key of their node.",
  ),
} satisfies Record<Authmethod, Schema>);

/** Authmethods, or `"passthrough"`, with which the router authenticates. */
export const sessionAuth: v.GenericSchema<unknown, AuthItem | "passthrough"> = itemOr(
  "string",
  v.literal("passthrough"),
  auth,
);

/** `auth` of a transport or a WebSocket path. */
export const transportAuth = optional(
  sessionAuth,
  'Authmethods; absent: anonymous. Extension: `"passthrough"`, the router authenticates.',
);

/** Authmethods as written. */
export type AuthItem = v.InferOutput<typeof auth>;

/** `auth` of a connection: how the proxy authenticates to the router. */
export const connectionAuth = lenientItem({
  "anonymous-proxy": optional(
    anything,
    "The router trusts every client that can open its Unix socket.",
  ),
  "cryptosign-proxy": optional(
    anything,
    "The proxy signs with the key of its node; takes precedence over anonymous-proxy.",
  ),
} satisfies Record<ConnectionAuth, Schema>);

/**
 * `auth`: who authenticates the clients of a transport, and how.
 *
 * @module
 */

import * as v from "valibot";
import {
  anything,
  byType,
  defaulted,
  item,
  mapOf,
  optional,
  required,
  text,
} from "#config/schema/primitive.ts";
import { type CryptosignItem, cryptosign } from "./cryptosign-schema.ts";
import { type DynamicAuthItem, dynamicAuth } from "./dynamic-auth-schema.ts";
import { hexOf, isStatic, refusedTypes, type SecretItem, secret } from "./principal-schema.ts";
import { type ScramItem, scram } from "./scram-schema.ts";
import { type TlsAuthItem, tls } from "./tls-schema.ts";
import { type WampCraItem, wampcra } from "./wampcra-schema.ts";

const anonymous = byType(
  {
    static: item({
      type: isStatic,
      role: defaulted(text, "anonymous", "Role of everyone who joins so."),
      authid: optional(text, "authid of everyone who joins so; absent: a random one each."),
      realm: optional(text, "Accepted, not honoured."),
    }),
    dynamic: dynamicAuth,
  },
  refusedTypes("anonymous"),
);

const principal = item({
  ticket: required(
    secret,
    'The secret, or a variable of the environment in braces after a dollar sign, or `{"file": "…"}`.',
  ),
  role: defaulted(text, "anonymous", "Role of this principal."),
});

const ticket = byType(
  {
    static: item({
      type: isStatic,
      principals: required(mapOf(v.string(), principal), "authid -> secret and role."),
    }),
    dynamic: dynamicAuth,
  },
  refusedTypes("ticket"),
);

const trustedProxy = byType(
  {
    static: item({
      type: isStatic,
      role: optional(text, "Accepted, not honoured: the proxy names the role."),
      authid: optional(text, "Accepted, not honoured: the proxy names the authid."),
      realm: optional(text, "Accepted, not honoured."),
    }),
  },
  {
    dynamic:
      'authmethod "anonymous-proxy" of type "dynamic" is not supported: the proxy is believed',
    ...refusedTypes("anonymous-proxy"),
  },
);

const cookie = item({
  type: optional(v.literal("static"), "Accepted, as in Crossbar's examples; it says nothing."),
});

const proxyNode = item({
  authorized_keys: required(
    v.pipe(v.array(hexOf(32)), v.minLength(1, "expected at least one public key, found none")),
    "Ed25519 public keys in hex; `crossproxy keys` and `crossbar keys` print a node's.",
  ),
  role: optional(text, "Accepted, not honoured: the proxy names the role."),
  realm: optional(text, "Accepted, not honoured: the proxy names the realm."),
});

const signedProxy = byType(
  {
    static: item({
      type: isStatic,
      principals: required(mapOf(v.string(), proxyNode), "Id of a node -> its keys."),
    }),
    dynamic: dynamicAuth,
  },
  refusedTypes("cryptosign-proxy"),
);

/** Authmethods of a listening transport. */
export const auth = item({
  anonymous: optional(anonymous, "Anyone may join."),
  ticket: optional(ticket, "A secret, sent as it is."),
  wampcra: optional(wampcra, "A secret that is never sent: the client signs a challenge with it."),
  scram: optional(scram, "A password that is never sent, of which only derived keys are kept."),
  cryptosign: optional(cryptosign, "A private key, with which the client signs a challenge."),
  tls: optional(tls, "The certificate that the client showed in the TLS handshake."),
  cookie: optional(cookie, "The cookie of a WebSocket client that has joined with it before."),
  "anonymous-proxy": optional(
    trustedProxy,
    "Router only, Unix sockets only: takes the identity that a proxy vouches for.",
  ),
  "cryptosign-proxy": optional(
    signedProxy,
    "Router only: the same from proxies that sign a challenge with the key of their node.",
  ),
});

/** `auth` of a transport: authmethods, or the word that the router authenticates. */
export const sessionAuth = Object.assign(
  v.lazy((input) => (typeof input === "string" ? v.literal("passthrough") : auth)),
  { entries: auth.entries },
) as unknown as v.GenericSchema<unknown, AuthItem | "passthrough">;

/** Authmethods as written. */
export interface AuthItem {
  anonymous?:
    | { type: "static"; role: string; authid?: string | undefined }
    | DynamicAuthItem
    | undefined;
  ticket?:
    | { type: "static"; principals: Record<string, { ticket: SecretItem; role: string }> }
    | DynamicAuthItem
    | undefined;
  wampcra?: WampCraItem | DynamicAuthItem | undefined;
  scram?: ScramItem | DynamicAuthItem | undefined;
  cryptosign?: CryptosignItem | DynamicAuthItem | undefined;
  tls?: TlsAuthItem | DynamicAuthItem | undefined;
  cookie?: object | undefined;
  "anonymous-proxy"?:
    | { type: "static"; role?: string | undefined; authid?: string | undefined }
    | undefined;
  "cryptosign-proxy"?:
    | {
        type: "static";
        principals: Record<
          string,
          { authorized_keys: string[]; role?: string | undefined; realm?: string | undefined }
        >;
      }
    | DynamicAuthItem
    | undefined;
}

/** `auth` of a connection: how the proxy proves itself to the router. */
export const connectionAuth = item({
  "anonymous-proxy": optional(anything, "The router trusts whoever can open its Unix socket."),
  "cryptosign-proxy": optional(
    anything,
    "The proxy signs with the key of its node; goes before anonymous-proxy.",
  ),
});

/**
 * `auth`: who authenticates the clients of a transport, and how.
 *
 * @module
 */

import * as v from "valibot";
import { isStatic, refusedTypes, type SecretItem, secret } from "./authmethod/common.ts";
import { type CryptosignItem, cryptosign } from "./authmethod/cryptosign.ts";
import { type ScramItem, scram } from "./authmethod/scram.ts";
import { type TlsAuthItem, tls } from "./authmethod/tls.ts";
import { type WampCraItem, wampcra } from "./authmethod/wampcra.ts";
import { type DynamicAuthItem, dynamicAuth } from "./dynamic-auth.ts";
import {
  anything,
  byType,
  defaulted,
  item,
  mapOf,
  notSupported,
  optional,
  required,
  text,
} from "./primitive.ts";

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

const laterMethods = notSupported("authmethod", ["cryptosign-proxy"], " yet");

const refusedMethods = Object.fromEntries(
  Object.entries(laterMethods).map(([method, sentence]) => [
    method,
    v.optional(v.custom<unknown>(() => false, sentence)),
  ]),
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
  ...refusedMethods,
});

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
}

/** `auth` of a connection: how the proxy proves itself to the router. */
export const connectionAuth = item({
  "anonymous-proxy": optional(anything, "The router trusts whoever can open its Unix socket."),
  "cryptosign-proxy": v.optional(v.custom<unknown>(() => false, laterMethods["cryptosign-proxy"])),
});

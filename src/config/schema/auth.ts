/**
 * `auth`: who authenticates the clients of a transport, and how.
 *
 * @module
 */

import * as v from "valibot";
import { type DynamicAuthItem, dynamicAuth, functionRefused } from "./dynamic-auth.ts";
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

const refusedTypes = (method: string) => ({ function: functionRefused(method) });

const anonymous = byType(
  {
    static: item({
      type: required(v.literal("static"), "Configured here."),
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
    text,
    "The secret, or a variable of the environment in braces after a dollar sign.",
  ),
  role: defaulted(text, "anonymous", "Role of this principal."),
});

const ticket = byType(
  {
    static: item({
      type: required(v.literal("static"), "Configured here."),
      principals: required(mapOf(v.string(), principal), "authid -> secret and role."),
    }),
    dynamic: dynamicAuth,
  },
  refusedTypes("ticket"),
);

const trustedProxy = byType(
  {
    static: item({
      type: required(v.literal("static"), "Configured here."),
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

const laterMethods = notSupported(
  "authmethod",
  ["wampcra", "scram", "cryptosign", "cryptosign-proxy", "tls", "cookie"],
  " yet",
);

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
    | { type: "static"; principals: Record<string, { ticket: string; role: string }> }
    | DynamicAuthItem
    | undefined;
  "anonymous-proxy"?:
    | { type: "static"; role?: string | undefined; authid?: string | undefined }
    | undefined;
}

/** `auth` of a connection: how the proxy proves itself to the router. */
export const connectionAuth = item({
  "anonymous-proxy": optional(anything, "The router trusts whoever can open its Unix socket."),
  "cryptosign-proxy": v.optional(v.custom<unknown>(() => false, laterMethods["cryptosign-proxy"])),
});

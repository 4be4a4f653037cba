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
  notSupported,
  optional,
  required,
  text,
} from "./primitive.ts";

const laterTypes = (method: string) => ({
  dynamic: `authmethod "${method}" of type "dynamic" is not supported yet`,
  function: `authmethod "${method}" of type "function" is not supported yet`,
});

const anonymous = byType(
  {
    static: item({
      type: required(v.literal("static"), "Configured here."),
      role: defaulted(text, "anonymous", "Role of everyone who joins so."),
      authid: optional(text, "authid of everyone who joins so; absent: a random one each."),
      realm: optional(text, "Accepted, not honoured."),
    }),
  },
  laterTypes("anonymous"),
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
  },
  laterTypes("ticket"),
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
  laterTypes("anonymous-proxy"),
);

const nodeKey = v.pipe(
  text,
  v.regex(/^[0-9a-f]{64}$/i, "expected a public key of 64 hex digits, found something else"),
);

const proxyNode = item({
  authorized_keys: required(
    v.pipe(v.array(nodeKey), v.minLength(1, "expected at least one public key, found none")),
    "Ed25519 public keys in hex; `crossproxy keys` and `crossbar keys` print a node's.",
  ),
  role: optional(text, "Accepted, not honoured: the proxy names the role."),
  realm: optional(text, "Accepted, not honoured: the proxy names the realm."),
});

const signedProxy = byType(
  {
    static: item({
      type: required(v.literal("static"), "Configured here."),
      principals: required(mapOf(v.string(), proxyNode), "Id of a node -> its keys."),
    }),
  },
  laterTypes("cryptosign-proxy"),
);

const laterMethods = notSupported(
  "authmethod",
  ["wampcra", "scram", "cryptosign", "tls", "cookie"],
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
  "cryptosign-proxy": optional(
    signedProxy,
    "Router only: the same from proxies that sign a challenge with the key of their node.",
  ),
  ...refusedMethods,
});

/** `auth` of a transport: authmethods, or the word that the router authenticates. */
export const sessionAuth = Object.assign(
  v.lazy((input) => (typeof input === "string" ? v.literal("passthrough") : auth)),
  { entries: auth.entries },
) as unknown as v.GenericSchema<unknown, AuthItem | "passthrough">;

/** Authmethods as written. */
export interface AuthItem {
  anonymous?: { type: "static"; role: string; authid?: string | undefined } | undefined;
  ticket?:
    | { type: "static"; principals: Record<string, { ticket: string; role: string }> }
    | undefined;
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

/**
 * `auth` of paths of type `caller`, `publisher` and `sse`, which Crossbar does not have: requests act in the names
 * of their clients.
 *
 * @module
 */

import * as v from "valibot";
import { type TokenItem, tokenAttributes } from "#config/auth/token-schema.ts";
import { optional, required } from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";

const bearer = item(tokenAttributes);

/** `auth` of a `caller` or a `publisher`. */
export const bridgeAuth = item({
  bearer: required(bearer, "Tokens in the header Authorization, which are signed JWTs."),
});

const cookieLogin = item({
  websocket: optional(
    v.pipe(
      v.string(),
      v.regex(/^\//, (issue) => `expected a path such as "/ws", found ${issue.received}`),
    ),
    "Path of the WebSocket; absent: the only one of the transport with `cookie` and the authmethod `cookie`.",
  ),
});

/** `auth` of an `sse`. */
export const eventStreamAuth = item({
  bearer: optional(bearer, "Tokens in the header Authorization, which are signed JWTs."),
  cookie: optional(
    cookieLogin,
    "The cookie of a client that has joined over a WebSocket of the same transport.",
  ),
});

/** `auth` as written. */
export interface PathAuthItem {
  bearer?: TokenItem | undefined;
  cookie?: v.InferOutput<typeof cookieLogin> | undefined;
}

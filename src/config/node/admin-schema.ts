/**
 * `controller.admin`: the endpoint for health, metrics, lists of sessions and the log level.
 *
 * @module
 */

import * as v from "valibot";
import { secret } from "#config/auth/principal-schema.ts";
import { listeningPort, listeningTls, socketMode } from "#config/endpoint/endpoint-schema.ts";
import { defaulted, optional, required } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { item } from "#config/schema/item.ts";
import { fileName, oneOf, text } from "#config/schema/primitive.ts";

const tcp = item({
  type: required(v.literal("tcp"), "A TCP port."),
  port: required(listeningPort, "Port, or the environment variable that holds it."),
  interface: defaulted(
    text,
    "127.0.0.1",
    "Address to listen on; beyond this machine with a `token` or `tls.ca_certificates` only.",
  ),
  tls: optional(listeningTls, "Certificate and key; absent: no TLS."),
});

const unix = item({
  type: required(v.literal("unix"), "A Unix domain socket."),
  path: required(fileName, "Socket file; environment variables are filled in."),
  permission: defaulted(socketMode, "0600", "Mode of the socket file, octal."),
});

/** `ready` of the admin endpoint. */
const ready = item({
  routers: defaulted(
    oneOf(["any", "each", "none"]),
    "any",
    "Which routers of each route have to be reachable for the node to be ready.",
  ),
});

/** The admin endpoint. */
export const admin = item({
  endpoint: required(byType({ tcp, unix }), "Where it listens."),
  token: optional(
    secret,
    'What clients have to send as bearer token, but for health checks, or `{"file": …}`; absent: nothing.',
  ),
  ready: optional(ready, "When `/readyz` answers that the node is ready."),
});

/** The admin endpoint as written. */
export type AdminItem = v.InferOutput<typeof admin>;

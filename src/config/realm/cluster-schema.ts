/**
 * `cluster` of a realm: other router workers that have it too, and how they are reached.
 *
 * @module
 */

import * as v from "valibot";
import { secret } from "#config/auth/principal-schema.ts";
import { defaulted, optional, required } from "#config/schema/attribute.ts";
import { byType } from "#config/schema/by-type.ts";
import { item } from "#config/schema/item.ts";
import { fileName, integer, oneOf } from "#config/schema/primitive.ts";

/** Without a user, because passwords would stand in logs. */
const server = v.pipe(
  v.string(),
  v.regex(
    /^(nats|tls):\/\/([^\s/?#@:]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?$/,
    (issue) => `expected nats://host:port or tls://host:port, found ${issue.received}`,
  ),
);

const prefix = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9_-]{1,64}$/,
    (issue) => `expected 1 to 64 characters out of a-z, A-Z, 0-9, - and _, found ${issue.received}`,
  ),
);

const tls = item({
  ca_certificates: optional(
    v.pipe(v.array(fileName), v.minLength(1, "expected at least one file, found none")),
    "PEM files of trusted authorities; absent: those that Bun has.",
  ),
  certificate: optional(fileName, "PEM file of a certificate to show to the servers."),
  key: optional(fileName, "PEM file of its private key."),
  handshake_first: defaulted(
    v.boolean(),
    false,
    "Whether TLS begins at once (`handshake_first` of nats-server), not after its first message.",
  ),
});

/** The other router workers of a realm. */
export const realmCluster = byType({
  nats: item({
    type: required(v.literal("nats"), "NATS servers with JetStream connect the workers."),
    servers: required(
      v.pipe(v.array(server), v.minLength(1, "expected at least one server, found none")),
      "`nats://host:port`, or `tls://host:port`; each is tried, and those that they name too.",
    ),
    prefix: defaulted(
      prefix,
      "wamp",
      "What subjects begin with, and name of the key-value bucket; workers with another one are another cluster.",
    ),
    replicas: defaulted(
      integer(1, 5),
      1,
      "NATS servers that keep the bucket: 3 of a cluster of them, so that it outlives one.",
    ),
    tls: optional(tls, "How TLS is used; absent: for servers with `tls://`, or that ask for it."),
    credentials: optional(secret, 'Credentials with a JWT, as `{"file": "…"}`.'),
    token: optional(secret, 'A token, as `{"file": "…"}`.'),
    nkey: optional(secret, 'The seed of an nkey, as `{"file": "…"}`.'),
    presence_timeout: defaulted(
      integer(2_000, 600_000),
      5_000,
      "Milliseconds until a worker that does not answer counts as gone.",
    ),
    when_apart: defaulted(
      oneOf(["serve", "refuse"]),
      "serve",
      "Whether a worker that reaches no server serves its own clients among themselves, or refuses their requests.",
    ),
    prefer_local: defaulted(
      v.boolean(),
      false,
      "Whether calls go to a callee of the same worker, where several share them.",
    ),
  }),
});

/** The same as written. */
export type ClusterItem = v.InferOutput<typeof realmCluster>;

/**
 * Limits of a transport: attributes that every type of it has. All are extensions.
 *
 * @module
 */

import type * as v from "valibot";
import { integer, type item, optional } from "./primitive.ts";

const most = 10_000_000;

/** The attributes, for the items of the transport types. */
export const limits = {
  max_connections: optional(
    integer(1, most),
    "Extension. Connections that a worker keeps open here; absent: any number.",
  ),
  max_connections_per_address: optional(
    integer(1, most),
    "Extension. Those of one address (IPv6: of 64 bits of it); absent: any number.",
  ),
  max_messages_per_second: optional(
    integer(1, most),
    "Extension. Messages of one session; it is read no faster. Absent: any number.",
  ),
  max_messages_burst: optional(
    integer(1, most),
    "Extension. Messages that may come at once; absent: those of a second.",
  ),
};

/** The limits as written. */
export type LimitsItem = v.InferOutput<ReturnType<typeof item<typeof limits>>>;

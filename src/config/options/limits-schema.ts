/**
 * Limits that every transport type has, and the HTTP proxies that are trusted to name a client's address.
 * All but `max_connections` are extensions.
 *
 * @module
 */

import * as v from "valibot";
import { addressRangeOrUnix } from "#config/schema/address-range.ts";
import { optional } from "#config/schema/attribute.ts";
import type { item } from "#config/schema/item.ts";
import { integer } from "#config/schema/primitive.ts";

const most = 10_000_000;

/** The attributes, for the items of the transport types. */
export const limits = {
  max_connections: optional(
    integer(1, most),
    "Open connections in each worker; absent: any number (Crossbar: 50000).",
  ),
  max_connections_per_address: optional(
    integer(1, most),
    "Extension. Open connections of one address (IPv6: its first 64 bits); absent: any number.",
  ),
  max_messages_per_second: optional(
    integer(1, most),
    "Extension. Messages of one session, which is read no faster; absent: any number.",
  ),
  max_messages_burst: optional(
    integer(1, most),
    "Extension. Messages of one session that may come at once; absent: as many as in a second.",
  ),
};

/** Attributes of transports that may be behind HTTP proxies. */
export const forwarding = {
  trusted_proxies: optional(
    v.array(addressRangeOrUnix),
    "Extension. Addresses, CIDRs or `unix` of HTTP proxies whose Forwarded and X-Forwarded-For are trusted; absent: none.",
  ),
};

/** The limits as written. */
export type LimitsItem = v.InferOutput<ReturnType<typeof item<typeof limits>>>;

/** Trusted proxies as written. */
export type ForwardingItem = v.InferOutput<ReturnType<typeof item<typeof forwarding>>>;

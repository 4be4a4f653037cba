/**
 * Limits that every transport type has, and the HTTP proxies that are trusted to name a client's address.
 * All but `max_connections` are extensions.
 *
 * @module
 */

import { isIP } from "node:net";
import * as v from "valibot";
import { type item, optional } from "#config/schema/item.ts";
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

const proxyAddress = v.pipe(
  v.string(),
  v.check(
    isProxyAddress,
    (issue) => `expected an address, a CIDR or "unix", found ${issue.received}`,
  ),
);

function isProxyAddress(text: string): boolean {
  const [address = "", prefix, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0) return text === "unix";
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 6 ? 128 : 32) && !more.length;
}

/** A range as a CIDR: `10.0.0.0/255.0.0.0` is `10.0.0.0/8`; any other text stays as it is. */
export function asCidr(text: string): string {
  const [, address, mask = ""] = /^(.+)\/(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  if (address === undefined || isIP(address) !== 4 || isIP(mask) !== 4) return text;
  const bits = mask
    .split(".")
    .map((octet) => Number(octet).toString(2).padStart(8, "0"))
    .join("");
  return /^1*0*$/.test(bits)
    ? `${address}/${bits.indexOf("0") < 0 ? 32 : bits.indexOf("0")}`
    : text;
}

/** An address, a CIDR or an address with a netmask. */
export const addressRange = v.pipe(
  v.string(),
  v.check(
    (text) => text !== "unix" && isProxyAddress(asCidr(text)),
    (issue) => `expected an address or a CIDR, found ${issue.received}`,
  ),
);

/** Attributes of transports that may be behind HTTP proxies. */
export const forwarding = {
  trusted_proxies: optional(
    v.array(proxyAddress),
    "Extension. Addresses, CIDRs or `unix` of HTTP proxies whose Forwarded and X-Forwarded-For are trusted; absent: none.",
  ),
};

/** The limits as written. */
export type LimitsItem = v.InferOutput<ReturnType<typeof item<typeof limits>>>;

/** Trusted proxies as written. */
export type ForwardingItem = v.InferOutput<ReturnType<typeof item<typeof forwarding>>>;

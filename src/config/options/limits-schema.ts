/**
 * Limits of a transport, which every type of it has, and whose word counts for whom they limit.
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
    "Connections that a worker keeps open here; absent: any number (Crossbar: 50000).",
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

/** An address or a CIDR of clients. */
export const addressRange = v.pipe(
  v.string(),
  v.check(
    (text) => text !== "unix" && isProxyAddress(text),
    (issue) => `expected an address or a CIDR, found ${issue.received}`,
  ),
);

/** Attributes of transports that HTTP proxies may stand in front of. */
export const forwarding = {
  trusted_proxies: optional(
    v.array(proxyAddress),
    "Extension. Whose Forwarded and X-Forwarded-For name the client; absent: nobody's.",
  ),
};

/** The limits as written. */
export type LimitsItem = v.InferOutput<ReturnType<typeof item<typeof limits>>>;

/** Trusted proxies as written. */
export type ForwardingItem = v.InferOutput<ReturnType<typeof item<typeof forwarding>>>;

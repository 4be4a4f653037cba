/**
 * IP addresses and ranges of them: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`.
 *
 * @module
 */

import { isIP } from "node:net";
import * as v from "valibot";

const sentence = ({ received }: { received: string }) =>
  `expected an IP address or a range such as "10.0.0.0/8", found ${received}`;

/** An address or a CIDR. */
export const addressRange = v.pipe(v.string(), v.check(isAddressRange, sentence));

/** The same, or a range with a netmask such as `10.0.0.0/255.0.0.0`. */
export const addressRangeOrNetmask = v.pipe(
  v.string(),
  v.check((text) => isAddressRange(asCidr(text)), sentence),
);

/** An address or a CIDR, or `unix` for every client of a Unix socket. */
export const addressRangeOrUnix = v.pipe(
  v.string(),
  v.check(
    (text) => text === "unix" || isAddressRange(text),
    ({ received }) =>
      `expected an IP address, a range such as "10.0.0.0/8", or "unix", found ${received}`,
  ),
);

/** A range as a CIDR: `10.0.0.0/255.0.0.0` is `10.0.0.0/8`; any other text stays as it is. */
export function asCidr(text: string): string {
  const [, address, mask = ""] = /^(.+)\/(\d+\.\d+\.\d+\.\d+)$/.exec(text) ?? [];
  if (address === undefined || isIP(address) !== 4 || isIP(mask) !== 4) return text;
  const bits = mask
    .split(".")
    .map((octet) => Number(octet).toString(2).padStart(8, "0"))
    .join("");
  return /^1*0*$/.test(bits) ? `${address}/${bits.lastIndexOf("1") + 1}` : text;
}

function isAddressRange(text: string): boolean {
  const [address = "", prefix, ...more] = text.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  if (prefix === undefined) return true;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128);
}

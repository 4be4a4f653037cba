/**
 * TrustedProxies: the HTTP proxies that are believed when they name a client's address.
 *
 *     Forwarded: for=192.0.2.60;proto=https, for="[2001:db8::1]:4711"       (RFC 7239, section 4)
 *     X-Forwarded-For: 192.0.2.60, 2001:db8::1
 *
 * Every proxy appends the address of its own client. So a header is read from the right, past all
 * trusted proxies; the first other address is the client, and everything before it is the client's own
 * claim.
 *
 * @module
 */

import { isIP } from "node:net";
import { addressRanges } from "#transport/endpoint/address-ranges.ts";
import { addressOf, printTcpPeer } from "#transport/endpoint/peer-address.ts";
import type { ReadableFields } from "./header-fields.ts";

/** An address in a header; its port is 0 where the header names none. */
interface Hop {
  address: string;
  port: number;
}

/** `trusted_proxies` of a transport; those of an endpoint send PROXY headers instead. */
export class TrustedProxies {
  readonly #isTrusted: (address: string) => boolean;
  readonly #trustsUnixSocket: boolean;

  /** `proxies`: addresses, CIDRs, and `unix` for every client of a Unix socket. */
  constructor(proxies: readonly string[]) {
    this.#isTrusted = addressRanges(proxies.filter((proxy) => proxy !== "unix"));
    this.#trustsUnixSocket = proxies.includes("unix");
  }

  /**
   * The client of a request, printed as a peer, as the headers name it. Undefined when they are missing
   * or malformed, when `peer`, the other side of the connection, is no trusted proxy, or when the two
   * headers name different clients, because then the client may have added one of them.
   */
  clientOf(headers: ReadableFields, peer: string): string | undefined {
    const proxy = addressOf(peer);
    const isBelieved = proxy === null ? this.#trustsUnixSocket : this.#isTrusted(proxy);
    if (!isBelieved) return undefined;
    const clients = chainsIn(headers).map((hops) => hops[this.#clientIndex(hops)]);
    const client = clients[0];
    const other = clients.at(-1);
    if (client === undefined || other === undefined) return undefined;
    return client.address === other.address
      ? printTcpPeer(client.address, client.port || other.port)
      : undefined;
  }

  /**
   * The addresses of the client and of the trusted proxies between it and `peer`, which is not among them;
   * empty where `clientOf` gives none.
   */
  chainOf(headers: ReadableFields, peer: string): string[] {
    const [hops] = chainsIn(headers);
    if (hops === undefined || this.clientOf(headers, peer) === undefined) return [];
    return hops.slice(this.#clientIndex(hops)).flatMap((hop) => (hop ? [hop.address] : []));
  }

  /** The index of the last hop that is not a trusted proxy; a hop without an address is none. */
  #clientIndex(hops: readonly (Hop | undefined)[]): number {
    const isClient = (hop: Hop | undefined) => hop === undefined || !this.#isTrusted(hop.address);
    return Math.max(0, hops.findLastIndex(isClient));
  }
}

/** The hops that each of the present headers names, from the client on. */
function chainsIn(headers: ReadableFields): (Hop | undefined)[][] {
  const chains = [
    hopsOf(headers.get("x-forwarded-for"), (hop) => hop),
    hopsOf(headers.get("forwarded"), (element) => parameterOf(element, "for")),
  ];
  return chains.filter((hops) => hops !== null);
}

/** The elements of a header, undefined for an element without an address; null: there is no header. */
function hopsOf(
  header: string | null,
  addressIn: (element: string) => string | undefined,
): (Hop | undefined)[] | null {
  if (header === null) return null;
  return splitOutsideQuotes(header, ",").map((element) => parseHop(addressIn(element.trim())));
}

/** The value of a parameter in an element of Forwarded, without its quotes; undefined: there is not exactly one. */
export function parameterOf(element: string, name: string): string | undefined {
  const pattern = new RegExp(`^\\s*${name}=(?:"([^"\\\\]*)"|([^"\\s]*))\\s*$`, "i");
  const values = splitOutsideQuotes(element, ";").flatMap(
    (pair) => pattern.exec(pair)?.slice(1) ?? [],
  );
  const [value, ...more] = values.filter((one) => one !== undefined);
  return more.length === 0 ? value : undefined;
}

/** The parts of a field value between separators that are not in quotes. */
export function splitOutsideQuotes(text: string, separator: "," | ";"): string[] {
  const parts: string[] = [];
  let isQuoted = false;
  let begin = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"') isQuoted = !isQuoted;
    else if (text[at] === "\\" && isQuoted) at += 1;
    else if (text[at] === separator && !isQuoted) {
      parts.push(text.slice(begin, at));
      begin = at + 1;
    }
  }
  return [...parts, text.slice(begin)];
}

/** `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. */
function parseHop(text: string | undefined): Hop | undefined {
  if (text === undefined) return undefined;
  if (isIP(text) !== 0) return hopOf(text, 0);
  // Forwarded may give an obfuscated port (RFC 7239, section 6.3).
  const parts = /^(?:\[([^\]]+)\]|([^:]+))(?::(?:(\d{1,5})|_[\w.-]+))?$/.exec(text);
  const [, v6, v4, port = "0"] = parts ?? [];
  if (Number(port) > 65_535) return undefined;
  if (v6 !== undefined) return isIP(v6) === 6 ? hopOf(v6, Number(port)) : undefined;
  return v4 !== undefined && isIP(v4) === 4 ? hopOf(v4, Number(port)) : undefined;
}

function hopOf(address: string, port: number): Hop {
  return { address: withoutMapping(address.toLowerCase()), port };
}

/** An IPv4-mapped IPv6 address as IPv4. */
function withoutMapping(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

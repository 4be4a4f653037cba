/**
 * Negotiation of permessage-deflate (RFC 7692, section 7.1), for each WebSocket path by its own
 * `compression.deflate`.
 *
 * Bun negotiates for a whole port: it answers every parameter of an offer with what the offer says.
 * So the offer in the request is replaced by one whose answer is what the path wants:
 *
 *     client    permessage-deflate; client_max_window_bits
 *     path      max_window_bits 12, request_no_context_takeover
 *     Bun gets  permessage-deflate; server_max_window_bits=12; client_no_context_takeover
 *
 * @module
 */

import type { DeflateOptions } from "#config/node-config.ts";

/** What a client offers; window bits 0: the parameter is not there. */
interface Offer {
  server_no_context_takeover: boolean;
  client_no_context_takeover: boolean;
  server_max_window_bits: number;
  /** 15 when it is offered without a value. */
  client_max_window_bits: number;
}

const LARGEST_WINDOW_BITS = 15;

/** The smallest window that zlib has; RFC 7692 knows 8 too. */
const SMALLEST_WINDOW_BITS = 9;

/**
 * The value of Sec-WebSocket-Extensions to hand to Bun for the first offer that this path accepts;
 * null when there is none, and messages travel uncompressed.
 */
export function acceptedOffer(header: string | null, path: DeflateOptions): string | null {
  for (const text of (header ?? "").split(",")) {
    const offer = parseOffer(text);
    if (offer !== null && isAcceptable(offer, path)) return printOffer(offer, path);
  }
  return null;
}

/** Null for another extension, and for an offer that has to be declined as malformed. */
function parseOffer(text: string): Offer | null {
  const [name, ...parameters] = text.split(";").map((part) => part.trim());
  if (name?.toLowerCase() !== "permessage-deflate") return null;
  const offer: Offer = {
    server_no_context_takeover: false,
    client_no_context_takeover: false,
    server_max_window_bits: 0,
    client_max_window_bits: 0,
  };
  for (const parameter of parameters) {
    if (!applyParameter(parameter, offer)) return null;
  }
  return offer;
}

/** False for a parameter that is unknown, given twice, or has a value that it cannot have. */
function applyParameter(parameter: string, offer: Offer): boolean {
  const [, name = "", quoted, plain] =
    /^([a-z_]+)(?:\s*=\s*(?:"([^"]*)"|([^"\s]+)))?$/.exec(parameter) ?? [];
  const value = quoted ?? plain;
  switch (name) {
    case "server_no_context_takeover":
    case "client_no_context_takeover":
      if (value !== undefined || offer[name]) return false;
      offer[name] = true;
      return true;
    case "client_max_window_bits":
    case "server_max_window_bits": {
      const isBare = value === undefined && name === "client_max_window_bits";
      const bits = isBare ? LARGEST_WINDOW_BITS : windowBits(value);
      if (bits === 0 || offer[name] !== 0) return false;
      offer[name] = bits;
      return true;
    }
    default:
      return false;
  }
}

/** 8 to 15, or 0 for what is no number of window bits. */
function windowBits(value: string | undefined): number {
  return /^([89]|1[0-5])$/.test(value ?? "") ? Number(value) : 0;
}

function isAcceptable(offer: Offer, path: DeflateOptions): boolean {
  const serverBits = offer.server_max_window_bits || LARGEST_WINDOW_BITS;
  if (serverBits < SMALLEST_WINDOW_BITS) return false;
  // Bun compresses single messages with the largest window, and with no other.
  if (dropsContext(offer, path) && serverBits < LARGEST_WINDOW_BITS) return false;
  // A client that does not name the parameter cannot be told to limit its window.
  const limitsClient = path.request_max_window_bits !== 0 && !path.request_no_context_takeover;
  return !limitsClient || offer.client_max_window_bits !== 0;
}

/** Whether this side compresses each message on its own. */
function dropsContext(offer: Offer, path: DeflateOptions): boolean {
  return path.no_context_takeover || offer.server_no_context_takeover;
}

/** For each side Bun answers its context or its window; one that drops its context needs no other. */
function printOffer(offer: Offer, path: DeflateOptions): string {
  const parts = ["permessage-deflate"];
  const serverOffers = offer.server_max_window_bits || LARGEST_WINDOW_BITS;
  const serverBits = Math.min(path.max_window_bits, serverOffers);
  if (dropsContext(offer, path)) parts.push("server_no_context_takeover");
  else if (serverBits < LARGEST_WINDOW_BITS || offer.server_max_window_bits !== 0) {
    parts.push(`server_max_window_bits=${serverBits}`);
  }
  if (path.request_no_context_takeover) parts.push("client_no_context_takeover");
  else if (path.request_max_window_bits !== 0) {
    const clientBits = Math.min(path.request_max_window_bits, offer.client_max_window_bits);
    parts.push(`client_max_window_bits=${clientBits}`);
  }
  return parts.join("; ");
}

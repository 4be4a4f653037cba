/**
 * The id of a long-poll transport, which is the only proof that a request belongs to it:
 *
 *     9f86d081884c7d65  2c26b46b  68ffc68ff99b453c1d30413413422d70
 *     worker            place     secret
 *
 * The worker is the one that opened the transport: requests that reach another one are handed over to it. The
 * place is the port and the path, so that an id is of no use elsewhere.
 *
 * @module
 */

import { randomBytes } from "node:crypto";

const WORKER_OCTETS = 8;
const PLACE_OCTETS = 4;
const SECRET_OCTETS = 16;

const ID = /^([0-9a-f]{16})([0-9a-f]{8})[0-9a-f]{32}$/;

/** What an id tells about its transport. */
export interface TransportOrigin {
  worker: string;
  place: string;
}

/** A new id of a worker, which is one as long as its process runs. */
export function newWorkerId(): string {
  return randomBytes(WORKER_OCTETS).toString("hex");
}

/** The part of an id for a place: `8080/longpoll`. */
export function placeIdOf(place: string): string {
  const hash = new Bun.CryptoHasher("sha256").update(place).digest("hex");
  return hash.slice(0, 2 * PLACE_OCTETS);
}

/** A new id of a transport, which cannot be guessed. */
export function newTransportId({ worker, place }: TransportOrigin): string {
  return worker + place + randomBytes(SECRET_OCTETS).toString("hex");
}

/** Where a transport with this id was opened; null: it is no id. */
export function originOf(id: string): TransportOrigin | null {
  const [, worker, place] = ID.exec(id) ?? [];
  return worker === undefined || place === undefined ? null : { worker, place };
}

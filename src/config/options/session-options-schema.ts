/**
 * Options of the WAMP sessions of a transport, the same for WebSocket and RawSocket: pings, buffers,
 * how sessions end, and limits of joining. All but `auto_ping_*` on WebSocket are extensions.
 *
 * @module
 */

import * as v from "valibot";
import { defaulted, defaultsOf, optional } from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { integer, MOST_MS, milliseconds, oneOf } from "#config/schema/primitive.ts";
import { lessThan, unhonoured } from "#config/schema/unhonoured.ts";

const keepalive = {
  auto_ping_interval: optional(
    milliseconds,
    "Time between pings; 0: none. Absent: 30000 for WebSockets over TCP, otherwise 0.",
  ),
  auto_ping_timeout: defaulted(milliseconds, 30_000, "Time to answer a ping; 0: unlimited."),
  auto_ping_size: defaulted(
    unhonoured(integer(1, 125), lessThan(12), "pings have 12 octets"),
    12,
    "Octets of a ping.",
  ),
  auto_ping_restart_on_any_traffic: defaulted(
    v.boolean(),
    true,
    "Any traffic counts as the answer to a ping.",
  ),
};

/** There is no 0 for "unlimited": a client that never joins would keep its connection for ever. */
const joiningTime = integer(1_000, 600_000);

const max_buffered = defaulted(
  integer(1024, 67_108_864),
  1_048_576,
  "Extension. Octets that may wait for one side of a session before it counts as behind.",
);

const waiting = {
  stall_timeout: defaulted(
    milliseconds,
    30_000,
    "Extension. Time that one side may be behind before its session is closed; 0: unlimited.",
  ),
  max_outgoing: defaulted(
    integer(67_108_864, 17_179_869_184),
    268_435_456,
    "Extension. Octets that may wait for all clients of a worker; beyond, clients that do not read are closed.",
  ),
};

const incomplete = {
  message_timeout: defaulted(
    milliseconds,
    60_000,
    "Extension. Time for a message of a client or, over RawSocket, of its router, from its first octet to its last. Every 16,000 octets that arrive extend it by a second, up to this time from now; 0: unlimited.",
  ),
  max_incomplete: defaulted(
    integer(1_048_576, 17_179_869_184),
    268_435_456,
    "Extension. Octets that the incomplete messages of all clients of a worker may hold; a client here whose message exceeds it is closed.",
  ),
};

const ends = {
  told_by_close: optional(
    v.array(oneOf(["router_lost", "shutdown"])),
    'Extension. Ends of sessions after which the connection is closed without GOODBYE or ABORT: "router_lost", "shutdown". Absent: both for clients that are known to reconnect only then, none for others.',
  ),
  max_connection_age: optional(
    integer(1_000, MOST_MS),
    "Extension. Time after which a session is ended, so that its client connects again, up to a tenth sooner or later; absent: any time.",
  ),
};

const joining = {
  hello_timeout: defaulted(
    joiningTime,
    10_000,
    "Extension. Time from the connection, or the last GOODBYE, to HELLO.",
  ),
  join_timeout: defaulted(joiningTime, 30_000, "Extension. Time from HELLO to WELCOME."),
  authenticate_timeout: defaulted(
    joiningTime,
    10_000,
    "Extension. Time from CHALLENGE to AUTHENTICATE.",
  ),
  max_auth_failures_per_minute: defaulted(
    integer(0, 1_000_000),
    60,
    "Extension. Failed attempts to join of one address (IPv6: its first 64 bits); 0: any number.",
  ),
};

/** Those that have the same name for every transport. */
export const sessionLimits = { ...waiting, ...incomplete, ...ends, ...joining };

/** Those of transports whose clients are not pinged. */
export const bufferedLimits = { max_buffered, ...sessionLimits };

/** The attributes, for the items of the transport types. */
export const sessionOptions = { ...keepalive, ...bufferedLimits };

const written = item(sessionOptions);

/** The options as written, with defaults. */
export type SessionOptionsItem = v.InferOutput<typeof written>;

/** The options of a transport that sets none. */
export const defaultSessionOptions: SessionOptionsItem = defaultsOf(written);

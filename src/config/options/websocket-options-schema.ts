/**
 * `options` of a WebSocket path or transport.
 *
 * @module
 */

import * as v from "valibot";
import {
  anything,
  defaulted,
  integer,
  item,
  milliseconds,
  oneOf,
  optional,
  text,
} from "#config/schema/primitive.ts";

const windowBits = (alsoZero: boolean) =>
  v.pipe(
    v.number(),
    v.check(
      (n) => (Number.isInteger(n) && n >= 8 && n <= 15) || (alsoZero && n === 0),
      (issue) => `expected ${alsoZero ? "0 or " : ""}8 to 15 window bits, found ${issue.received}`,
    ),
  );

const octets = integer(0, 2_147_483_647);

const deflate = item({
  request_no_context_takeover: defaulted(
    v.boolean(),
    false,
    "Ask clients to compress each message on its own.",
  ),
  request_max_window_bits: defaulted(
    windowBits(true),
    0,
    "Ask clients for a window of so many bits; 0: do not ask.",
  ),
  no_context_takeover: defaulted(
    v.nullable(v.boolean()),
    false,
    "Compress each message on its own.",
  ),
  max_window_bits: defaulted(v.nullable(windowBits(false)), 15, "Widest window to compress with."),
  memory_level: optional(v.nullable(integer(1, 9)), "Memory of the compressor; absent: 8."),
});

const compression = item({
  deflate: optional(deflate, "permessage-deflate; absent: no compression."),
});

const keepalive = {
  auto_ping_interval: optional(
    milliseconds,
    "Time between pings; 0: none. Absent: 30000 for WebSockets over TCP, otherwise 0.",
  ),
  auto_ping_timeout: defaulted(milliseconds, 30_000, "Time to answer a ping; 0: unlimited."),
  auto_ping_size: defaulted(integer(12, 125), 12, "Octets of a ping."),
  auto_ping_restart_on_any_traffic: defaulted(
    v.boolean(),
    true,
    "Any traffic counts as the answer to a ping.",
  ),
};

/** The options of pings as written, with defaults. */
export type KeepaliveItem = v.InferOutput<ReturnType<typeof item<typeof keepalive>>>;

/** Nobody may wait for ever, so that there is no 0 for "unlimited". */
const joiningTime = integer(1_000, 600_000);

const buffering = {
  max_buffered: defaulted(
    integer(1024, 67_108_864),
    1_048_576,
    "Extension. Octets that may wait for a side of a session before it counts as behind.",
  ),
  stall_timeout: defaulted(
    milliseconds,
    30_000,
    "Extension. Time that a side may stay behind until its session is closed; 0: unlimited.",
  ),
};

const incomplete = {
  message_timeout: defaulted(
    milliseconds,
    60_000,
    "Extension. Time from the first octet of a message to its last, and a second more for every 16,000 octets that have arrived; 0: unlimited.",
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
    'Extension. Ends of sessions that are told by the close of the connection alone, without GOODBYE or ABORT: "router_lost", "shutdown". Absent: both to clients that are known to reconnect only then, none to others.',
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
    "Extension. Attempts to join of one address (IPv6: of 64 bits of it) that may fail; 0: any number.",
  ),
};

/** Limits of joining as written, with defaults. */
export type JoiningItem = v.InferOutput<ReturnType<typeof item<typeof joining>>>;

/** Every option that Crossbar has, and those of this program. Which are honoured is said by the normalizer's warnings. */
export const websocketOptions = item({
  allowed_origins: defaulted(v.array(text), ["*"], "Patterns of Origin headers that may connect."),
  allow_null_origin: defaulted(v.boolean(), true, "Whether the origin `null` may connect."),
  enable_webstatus: defaulted(v.boolean(), true, "Answer a plain GET with a status page."),
  max_message_size: defaulted(
    integer(1, 67_108_864),
    16_777_216,
    "Longest message taken from a client, in octets.",
  ),
  open_handshake_timeout: defaulted(milliseconds, 0, "Time to finish the handshake; 0: off."),
  close_handshake_timeout: defaulted(milliseconds, 0, "Time to finish closing; 0: off."),
  ...keepalive,
  require_websocket_subprotocol: defaulted(
    v.boolean(),
    true,
    "Refuse clients that name no subprotocol; otherwise they speak JSON.",
  ),
  compression: optional(compression, "Compression; absent: none."),
  ...buffering,
  ...incomplete,
  ...ends,
  ...joining,
  max_frame_size: defaulted(octets, 0, "Longest frame taken from a client, in octets; 0: any."),
  auto_fragment_size: defaulted(octets, 0, "Longest frame that is sent, in octets; 0: any."),
  fail_by_drop: defaulted(
    v.boolean(),
    false,
    "Cut off a client that breaks the protocol, without a close frame.",
  ),
  echo_close_codereason: defaulted(v.boolean(), false, "Answer a close frame with its reason."),
  tcp_nodelay: optional(v.boolean(), "Accepted; `false` is not honoured."),
  external_port: optional(
    integer(1, 65_535),
    "Port that the Host header must name, behind a port forwarder; absent: any.",
  ),
  enable_hybi10: optional(v.boolean(), "Accepted, not honoured."),
  enable_rfc6455: optional(v.boolean(), "Accepted; `false` is not honoured."),
  validate_utf8: optional(v.boolean(), "Accepted; `false` is not honoured."),
  mask_server_frames: optional(v.boolean(), "Accepted; `true` is not honoured."),
  require_masked_client_frames: optional(v.boolean(), "Accepted; `false` is not honoured."),
  apply_mask: optional(v.boolean(), "Accepted; `false` is not honoured."),
  show_server_version: optional(
    v.boolean(),
    "Name program and release in the header Server; absent: only a testee does.",
  ),
  enable_flash_policy: optional(v.boolean(), "Accepted, not honoured."),
  flash_policy: optional(anything, "Accepted, not honoured."),
});

/** The options as written, with defaults. */
export type WebSocketOptionsItem = v.InferOutput<typeof websocketOptions>;

/** `options` of a RawSocket transport. */
export const rawsocketOptions = item({
  max_message_size: defaulted(
    integer(512, 16_777_216),
    16_777_216,
    "Longest message taken from a client, in octets.",
  ),
  ...keepalive,
  ...buffering,
  ...incomplete,
  ...ends,
  ...joining,
});

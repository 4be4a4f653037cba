/**
 * `options` of a WebSocket path or transport.
 *
 * @module
 */

import * as v from "valibot";
import { defaulted, defaultsOf, optional } from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { withKeywords } from "#config/schema/json-keywords.ts";
import { anything, integer, milliseconds, text } from "#config/schema/primitive.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";
import { allBut, only, unhonoured } from "#config/schema/unhonoured.ts";
import { sessionOptions } from "./session-options-schema.ts";

function windowBits(alsoZero: boolean) {
  const schema = v.pipe(
    v.number(),
    v.check(
      (n) => (Number.isInteger(n) && n >= 8 && n <= 15) || (alsoZero && n === 0),
      (issue) => `expected ${alsoZero ? "0 or " : ""}8 to 15 window bits, found ${issue.received}`,
    ),
  );
  const values = [...(alsoZero ? [0] : []), 8, 9, 10, 11, 12, 13, 14, 15];
  return withKeywords(schema, { enum: values });
}

/** Also where Crossbar has no limit. */
export const LONGEST_MESSAGE = 67_108_864;

const octets = integer(0, 2_147_483_647);

const deflate = item({
  request_no_context_takeover: defaulted(
    v.boolean(),
    false,
    "Ask clients to compress each message on its own.",
  ),
  request_max_window_bits: defaulted(
    unhonoured(windowBits(true), only(8), "a window of 9 bits is asked for"),
    0,
    "Ask clients for a window of so many bits; 0: do not ask.",
  ),
  no_context_takeover: defaulted(
    v.nullable(v.boolean()),
    false,
    "Compress each message on its own.",
  ),
  max_window_bits: defaulted(
    unhonoured(v.nullable(windowBits(false)), only(8), "a window of 9 bits is used"),
    15,
    "Widest window to compress with.",
  ),
  memory_level: optional(v.nullable(integer(1, 9)), "Memory of the compressor; absent: 8."),
});

const compression = item({
  deflate: optional(deflate, "permessage-deflate; absent: no compression."),
});

/** Every option of Crossbar, and those of this program. */
export const websocketOptions = item({
  allowed_origins: defaulted(v.array(text), ["*"], "Patterns of Origin headers that may connect."),
  allow_null_origin: defaulted(v.boolean(), true, "Whether the origin `null` may connect."),
  enable_webstatus: defaulted(
    v.boolean(),
    true,
    "Answer a GET request without upgrade with a status page.",
  ),
  max_message_size: defaulted(
    unhonoured(integer(0, LONGEST_MESSAGE), only(0), "a message has at most 67108864 octets"),
    16_777_216,
    "Longest message taken from a client, in octets.",
  ),
  open_handshake_timeout: defaulted(milliseconds, 0, "Time to finish the handshake; 0: off."),
  close_handshake_timeout: defaulted(milliseconds, 0, "Time to finish closing; 0: off."),
  require_websocket_subprotocol: defaulted(
    v.boolean(),
    true,
    "Refuse clients that name no subprotocol; otherwise they speak JSON.",
  ),
  compression: optional(compression, "Compression; absent: none."),
  ...sessionOptions,
  max_frame_size: defaulted(octets, 0, "Longest frame taken from a client, in octets; 0: any."),
  auto_fragment_size: defaulted(
    unchecked(octets),
    0,
    "Longest frame that is sent, in octets; 0: any.",
  ),
  fail_by_drop: defaulted(
    v.boolean(),
    false,
    "Cut off a client that violates the protocol, without a close frame.",
  ),
  echo_close_codereason: defaulted(
    v.boolean(),
    false,
    "Answer a close frame with its own code and reason.",
  ),
  tcp_nodelay: optional(unhonoured(v.boolean(), only(false), "small packets are sent at once")),
  external_port: optional(
    integer(1, 65_535),
    "Port that the Host header must name, behind a port forwarder; absent: any.",
  ),
  enable_hybi10: optional(
    unhonoured(v.boolean(), only(true), "only version 13 of the protocol is spoken"),
  ),
  enable_rfc6455: optional(
    unhonoured(v.boolean(), only(false), "version 13 of the protocol is spoken"),
  ),
  validate_utf8: optional(
    unhonoured(v.boolean(), only(false), "text is always checked to be UTF-8"),
  ),
  mask_server_frames: optional(
    unhonoured(v.boolean(), only(true), "frames to clients are never masked"),
  ),
  require_masked_client_frames: optional(
    unhonoured(v.boolean(), only(false), "frames of clients must be masked"),
  ),
  apply_mask: optional(
    unhonoured(v.boolean(), only(false), "frames of clients are always unmasked"),
  ),
  show_server_version: optional(
    v.boolean(),
    "Name program and release in the header Server; absent: only a testee does.",
  ),
  enable_flash_policy: optional(unhonoured(v.boolean(), only(true), "no Flash policy is served")),
  flash_policy: optional(unhonoured(anything, allBut(null), "no Flash policy is served")),
});

/** The options as written, with defaults. */
export type WebSocketOptionsItem = v.InferOutput<typeof websocketOptions>;

/** The options of a WebSocket that sets none. */
export const defaultWebSocketOptions: WebSocketOptionsItem = defaultsOf(websocketOptions);

/**
 * `options` of the transport of a component: those of Crossbar that a client of autobahn has.
 *
 * @module
 */

import * as v from "valibot";
import { optional } from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { anything, integer, milliseconds } from "#config/schema/primitive.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";
import { always, unhonoured } from "#config/schema/unhonoured.ts";

const ofServer = optional(unhonoured(anything, always, "it is for transports that listen"));

const octets = integer(0, 67_108_864);

const websocketAttributes = {
  max_message_size: optional(octets, "Longest message that is taken, in octets; 0: any."),
  max_frame_size: optional(octets, "Longest frame that is taken, in octets; 0: any."),
  auto_fragment_size: optional(
    unchecked(integer(0, 2_147_483_647)),
    "Longest frame that is sent, in octets; 0: any.",
  ),
  open_handshake_timeout: optional(milliseconds, "Time to finish the handshake; 0: off."),
  close_handshake_timeout: optional(milliseconds, "Time to finish closing; 0: off."),
  auto_ping_interval: optional(milliseconds, "Time between pings; 0: none."),
  auto_ping_timeout: optional(milliseconds, "Time to answer a ping; 0: unlimited."),
  auto_ping_size: optional(integer(12, 125), "Octets of a ping."),
  auto_ping_restart_on_any_traffic: optional(
    v.boolean(),
    "Any traffic counts as the answer to a ping.",
  ),
  fail_by_drop: optional(
    v.boolean(),
    "Cut off a router that violates the protocol, without a close frame.",
  ),
  echo_close_codereason: optional(
    v.boolean(),
    "Answer a close frame with its own code and reason.",
  ),
  tcp_nodelay: optional(v.boolean(), "Send small packets at once."),
  validate_utf8: optional(v.boolean(), "Check that text is UTF-8."),
  apply_mask: optional(v.boolean(), "Mask the frames that are sent."),
};

const rawsocketAttributes = {
  max_message_size: optional(integer(512, 16_777_216), "Longest message that is taken, in octets."),
};

/** Options of a WebSocket client. */
export const clientWebsocketOptions = item({
  ...websocketAttributes,
  compression: optional(unhonoured(anything, always, "no compression is offered")),
  allowed_origins: ofServer,
  allow_null_origin: ofServer,
  external_port: ofServer,
  enable_hybi10: ofServer,
  enable_rfc6455: ofServer,
  enable_webstatus: ofServer,
  mask_server_frames: ofServer,
  require_masked_client_frames: ofServer,
  enable_flash_policy: ofServer,
  flash_policy: ofServer,
  require_websocket_subprotocol: ofServer,
  show_server_version: ofServer,
});

/** Options of a RawSocket client. */
export const clientRawsocketOptions = item(rawsocketAttributes);

/** The names of the options that are passed on. */
export const CLIENT_OPTIONS = Object.keys({ ...websocketAttributes, ...rawsocketAttributes });

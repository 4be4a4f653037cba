/**
 * Options of a WebSocket: defaults, and a warning for each that is accepted and not honoured.
 *
 * @module
 */

import type {
  CloseOnlyEnd,
  DeflateOptions,
  ListeningEndpointConfig,
  SessionEndOptions,
  WebSocketOptions,
} from "#config/node-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { normalizeKeepalive } from "./normalize-keepalive.ts";
import type { WebSocketOptionsItem } from "./websocket-options-schema.ts";

type DeflateItem = NonNullable<NonNullable<WebSocketOptionsItem["compression"]>["deflate"]>;

/** An option that is not honoured: whether this value makes a difference, and which. */
type Unhonoured = [name: string, matters: (value: unknown) => boolean, consequence: string];

const given = (value: unknown) => value !== undefined && value !== null;
const is = (wanted: boolean) => (value: unknown) => value === wanted;

const unhonoured: Unhonoured[] = [
  ["tcp_nodelay", is(false), "small packets are sent at once"],
  ["enable_hybi10", is(true), "only version 13 of the protocol is spoken"],
  ["enable_rfc6455", is(false), "version 13 of the protocol is spoken"],
  ["validate_utf8", is(false), "text is always checked to be UTF-8"],
  ["mask_server_frames", is(true), "frames to clients are never masked"],
  ["require_masked_client_frames", is(false), "frames of clients must be masked"],
  ["apply_mask", is(false), "frames of clients are always unmasked"],
  ["enable_flash_policy", is(true), "no Flash policy is served"],
  ["flash_policy", given, "no Flash policy is served"],
];

const unhonouredDeflate: Unhonoured[] = [
  ["max_window_bits", (value) => value === 8, "a window of 9 bits is used"],
  ["request_max_window_bits", (value) => value === 8, "a window of 9 bits is asked for"],
];

/**
 * Milliseconds between pings over a network, where a client can be gone without a sign. Over a Unix
 * socket no pings are sent by default: the system tells at once when the program at its other end is
 * gone, and a proxy that is made to wait answers none.
 */
const networkIntervalMs = 30_000;

/** The normalized options; `item` must have its defaults filled in. */
export function normalizeWebSocketOptions(
  item: WebSocketOptionsItem,
  path: JsonPath,
  { report, endpointType }: { report: Report; endpointType: ListeningEndpointConfig["type"] },
): WebSocketOptions {
  warnUnhonoured(item, unhonoured, path, report);
  const deflate = item.compression?.deflate;
  if (deflate !== undefined) {
    warnUnhonoured(deflate, unhonouredDeflate, [...path, "compression", "deflate"], report);
  }
  return {
    allowed_origins: item.allowed_origins,
    allow_null_origin: item.allow_null_origin,
    enable_webstatus: item.enable_webstatus,
    max_message_size: item.max_message_size,
    open_handshake_timeout: item.open_handshake_timeout,
    close_handshake_timeout: item.close_handshake_timeout,
    ...normalizeKeepalive(item, endpointType === "unix" ? 0 : networkIntervalMs),
    require_websocket_subprotocol: item.require_websocket_subprotocol,
    max_frame_size: item.max_frame_size,
    auto_fragment_size: item.auto_fragment_size,
    fail_by_drop: item.fail_by_drop,
    echo_close_codereason: item.echo_close_codereason,
    max_buffered: item.max_buffered,
    stall_timeout: item.stall_timeout,
    message_timeout: item.message_timeout,
    max_incomplete: item.max_incomplete,
    ...toldByClose(item),
    external_port: item.external_port ?? null,
    show_server_version: item.show_server_version ?? false,
    compression: deflate === undefined ? null : { deflate: normalizeDeflate(deflate) },
  };
}

/** `told_by_close` where it is given; absent, it depends on the client. */
export function toldByClose(item: {
  told_by_close?: CloseOnlyEnd[] | undefined;
}): SessionEndOptions {
  return item.told_by_close === undefined ? {} : { told_by_close: item.told_by_close };
}

/** zlib has no window of 8 bits; 9 is the nearest. */
function normalizeDeflate(item: DeflateItem): DeflateOptions {
  const requested = item.request_max_window_bits;
  return {
    max_window_bits: Math.max(9, item.max_window_bits ?? 15),
    no_context_takeover: item.no_context_takeover ?? false,
    request_max_window_bits: requested === 0 ? 0 : Math.max(9, requested),
    request_no_context_takeover: item.request_no_context_takeover,
    memory_level: item.memory_level ?? 8,
  };
}

function warnUnhonoured(
  item: Record<string, unknown>,
  rules: readonly Unhonoured[],
  path: JsonPath,
  report: Report,
): void {
  for (const [name, matters, consequence] of rules) {
    if (matters(item[name])) report.warn([...path, name], `not honoured: ${consequence}`);
  }
}

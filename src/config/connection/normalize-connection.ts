/**
 * How sessions are carried: what waits for a slow side, and connections to routers.
 *
 * @module
 */

import * as v from "valibot";
import type { AuthItemContext } from "#config/auth/auth-context.ts";
import { normalizeConnecting } from "#config/endpoint/normalize-endpoint.ts";
import type {
  BufferOptions,
  CloseOnlyEnd,
  ConnectingEndpointConfig,
  ConnectingTransportConfig,
  RealmConfig,
} from "#config/node-config.ts";
import { rawsocketOptions } from "#config/options/websocket-options-schema.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { ConnectingTransportItem } from "./connection-schema.ts";

/** Warns of options of sessions on a router, which has no other side of a session to slow down. */
export function warnBuffering(
  options: BufferOptions & { told_by_close?: readonly CloseOnlyEnd[] | undefined },
  path: JsonPath,
  around: AuthItemContext,
  report: Report,
): void {
  if (around.workerType === "proxy") return;
  if (options.told_by_close !== undefined) {
    report.warn([...path, "told_by_close"], "not honoured: a router always says GOODBYE");
  }
  const defaults: BufferOptions = v.parse(rawsocketOptions, {});
  for (const name of ["max_buffered", "stall_timeout"] as const) {
    if (options[name] === defaults[name]) continue;
    report.warn(
      [...path, name],
      "not honoured: a router cuts a client off when 16 MiB wait for it",
    );
  }
}

const retryOptions = [
  "max_retries",
  "max_retry_delay",
  "initial_retry_delay",
  "retry_delay_growth",
  "retry_delay_jitter",
] as const;

/** The normalized connecting transport. */
export function normalizeConnectingTransport(
  item: ConnectingTransportItem,
  path: JsonPath,
  report: Report,
): ConnectingTransportConfig {
  for (const name of retryOptions) {
    if (item[name] !== undefined) {
      report.warn(
        [...path, name],
        "not honoured: a client whose router is away is refused at once",
      );
    }
  }
  if (item.headers !== undefined) {
    report.warn([...path, "headers"], "not honoured: no headers are added for the router");
  }
  const endpoint = normalizeConnecting(item.endpoint, [...path, "endpoint"], report);
  const options = item.options ?? {};
  if (item.type === "websocket") {
    for (const name of Object.keys(options)) {
      report.warn([...path, "options", name], "not honoured: the program's defaults apply");
    }
    const { url, serializers } = item;
    return {
      type: "websocket",
      endpoint: agreeWithUrl(item, endpoint, path, report),
      url,
      serializers,
    };
  }
  return {
    type: "rawsocket",
    endpoint,
    serializer: item.serializer,
    max_message_size: messageSize(options, [...path, "options"], report),
  };
}

/** The endpoint decides about TLS; one that does not say has what the URL says. */
function agreeWithUrl(
  item: Extract<ConnectingTransportItem, { url: string; serializers: unknown }>,
  endpoint: ConnectingEndpointConfig,
  path: JsonPath,
  report: Report,
): ConnectingEndpointConfig {
  const isSecureUrl = new URL(item.url).protocol === "wss:";
  if (isSecureUrl && endpoint.type === "unix") {
    report.fault([...path, "url"], "a Unix socket has no TLS; write ws instead of wss");
  } else if (isSecureUrl && item.endpoint.type === "tcp" && item.endpoint.tls === false) {
    report.fault([...path, "url"], "the url says wss, and the endpoint says no TLS");
  } else if (isSecureUrl && endpoint.type === "tcp") {
    return { ...endpoint, tls: endpoint.tls ?? {} };
  } else if (!isSecureUrl && endpoint.type === "tcp" && endpoint.tls !== undefined) {
    report.warn([...path, "url"], "the url says ws, and the endpoint has TLS: TLS is used");
  }
  return endpoint;
}

function messageSize(options: Record<string, unknown>, path: JsonPath, report: Report): number {
  let size = 16_777_216;
  for (const [name, value] of Object.entries(options)) {
    if (name !== "max_message_size" && name !== "maxMessagePayloadSize") {
      report.warn([...path, name], "not honoured: the program's defaults apply");
    } else if (Number.isInteger(value) && Number(value) >= 512 && Number(value) <= 16_777_216) {
      size = Number(value);
    } else {
      report.fault(
        [...path, name],
        `expected an integer from 512 to 16777216, found ${JSON.stringify(value)}`,
      );
    }
  }
  return size;
}

/** Whether the realm with this name, or any of them, has a role. */
export function hasRole(realms: readonly RealmConfig[], role: string, realm?: string): boolean {
  const among = realms.filter(({ name }) => realm === undefined || name === realm);
  return among.some(({ roles }) => roles.some(({ name }) => name === role));
}

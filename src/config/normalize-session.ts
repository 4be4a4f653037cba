/**
 * How sessions begin on a transport: authmethods, their secrets, and connections to routers.
 *
 * @module
 */

import * as v from "valibot";
import type { JsonPath } from "./config-issue.ts";
import type {
  AuthConfig,
  BufferOptions,
  ConnectingEndpointConfig,
  ConnectingTransportConfig,
  ListeningEndpointConfig,
  RealmConfig,
  SilentEnd,
} from "./node-config.ts";
import { normalizeConnecting } from "./normalize-endpoint.ts";
import type { Report } from "./report.ts";
import type { AuthItem } from "./schema/auth.ts";
import type { ConnectingTransportItem } from "./schema/connection.ts";
import { rawsocketOptions } from "./schema/websocket-options.ts";

/** Where a session item stands; the rules differ between workers and endpoints. */
export interface Surroundings {
  workerType: "router" | "proxy";
  endpointType: ListeningEndpointConfig["type"];
  /** Whether a client of this role can get anywhere. */
  isRoleKnown: (role: string) => boolean;
}

/** The normalized authmethods; without any, everyone joins as `anonymous`. */
export function normalizeAuth(
  item: AuthItem | undefined,
  path: JsonPath,
  around: Surroundings,
  report: Report,
): AuthConfig {
  if (item === undefined) {
    if (around.isRoleKnown("anonymous")) {
      report.warn(path, "there is no auth, so everyone may join as anonymous");
    } else {
      warnOfRole("anonymous", path, around, report);
    }
    return { anonymous: { type: "static", role: "anonymous" } };
  }
  const auth: AuthConfig = {};
  const isSound = (method: keyof AuthItem) =>
    item[method] !== undefined && !report.isMisshapen([...path, method]);
  if (item.anonymous !== undefined && isSound("anonymous")) {
    const { role, authid } = item.anonymous;
    warnOfRole(role, [...path, "anonymous"], around, report);
    auth.anonymous = { type: "static", role, ...(authid === undefined ? {} : { authid }) };
  }
  if (item.ticket !== undefined && isSound("ticket"))
    auth.ticket = normalizeTicket(item.ticket, path, around, report);
  if (isSound("anonymous-proxy")) {
    refuseTrust([...path, "anonymous-proxy"], around, report);
    for (const name of ["role", "authid"] as const) {
      if (item["anonymous-proxy"]?.[name] === undefined) continue;
      report.warn([...path, "anonymous-proxy", name], `not honoured: the proxy names the ${name}`);
    }
    auth["anonymous-proxy"] = { type: "static" };
  }
  if (Object.keys(auth).length === 0 && !report.isMisshapen(path)) {
    report.fault(path, "no authmethod is configured, so nobody could join");
  }
  return auth;
}

function normalizeTicket(
  item: NonNullable<AuthItem["ticket"]>,
  path: JsonPath,
  around: Surroundings,
  report: Report,
): NonNullable<AuthConfig["ticket"]> {
  const principals: Record<string, { ticket: string; role: string }> = {};
  for (const [authid, principal] of Object.entries(item.principals)) {
    const at = [...path, "ticket", "principals", authid];
    warnOfRole(principal.role, at, around, report);
    const ticket = secretFrom(principal.ticket, [...at, "ticket"], report);
    principals[authid] = { ticket, role: principal.role };
  }
  return { type: "static", principals };
}

/** A secret as written, or out of the environment when it is written `${VARIABLE}`. */
function secretFrom(written: string, path: JsonPath, report: Report): string {
  const variable = /^\$\{(\w+)\}$/.exec(written)?.[1];
  if (variable === undefined) return written;
  const secret = report.env[variable];
  if (secret === undefined || secret === "") {
    report.fault(path, `environment variable ${variable} is not set`);
    return "";
  }
  return secret;
}

/** Whoever can reach such a transport can be anyone, so only a Unix socket may offer it. */
function refuseTrust(path: JsonPath, around: Surroundings, report: Report): void {
  if (around.workerType === "proxy") {
    report.fault(
      path,
      "anonymous-proxy is for routers; clients of a proxy cannot vouch for others",
      true,
    );
  } else if (around.endpointType !== "unix") {
    report.fault(path, "anonymous-proxy is allowed only where the endpoint is a Unix socket", true);
  }
}

function warnOfRole(role: string, path: JsonPath, around: Surroundings, report: Report): void {
  if (around.isRoleKnown(role)) return;
  const place = around.workerType === "proxy" ? "route" : "realm";
  report.warn(path, `no ${place} has role "${role}", so clients that get it cannot join`);
}

/** Warns of options of sessions on a router, which has no other side of a session to slow down. */
export function warnBuffering(
  options: BufferOptions & { told_by_close?: readonly SilentEnd[] | undefined },
  path: JsonPath,
  around: Surroundings,
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

/** Whether any of the realms has a role. */
export function hasRole(realms: readonly RealmConfig[], role: string): boolean {
  return realms.some((realm) => realm.roles.some(({ name }) => name === role));
}

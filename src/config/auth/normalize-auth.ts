/**
 * Normalizes `auth`: every authmethod of a transport.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { TransportContext } from "#config/transport/transport-context.ts";
import type { AuthConfig, Authmethod } from "./auth-config.ts";
import type { AuthItem } from "./auth-schema.ts";
import type { DynamicAuthItem, FunctionAuthItem } from "./authenticator-schema.ts";
import { normalizeDynamicAuth } from "./normalize-dynamic-auth.ts";
import { normalizeFunctionAuth } from "./normalize-function-auth.ts";
import { staticMethods } from "./normalize-static-auth.ts";
import { normalizeTokenTicket } from "./normalize-token-ticket.ts";
import { warnOfRole } from "./role-rules.ts";
import type { TokenTicketItem } from "./ticket-schema.ts";

/** The path of `auth`; of the item itself where it has none. */
export function authPath(item: { auth?: unknown }, path: JsonPath): JsonPath {
  return item.auth === undefined ? path : [...path, "auth"];
}

/** The normalized authmethods, or `passthrough`, for which the routes must not depend on the role. */
export function normalizeSessionAuth(
  item: AuthItem | "passthrough" | undefined,
  path: JsonPath,
  context: TransportContext,
): AuthConfig | "passthrough" {
  if (item !== "passthrough") return normalizeAuth(item, path, context);
  const { report, workerType, forkedRealms } = context;
  if (workerType === "router") {
    report.fault(path, "passthrough is for proxy workers; a router authenticates by itself");
  }
  for (const realm of forkedRealms) {
    report.fault(
      path,
      `passthrough does not know the role, and the roles of realm "${realm}" lead to several connections; add a route for role "*"`,
    );
  }
  return "passthrough";
}

/** The normalized authmethods; without `auth`, every client joins as `anonymous`. */
export function normalizeAuth(
  item: AuthItem | undefined,
  path: JsonPath,
  context: TransportContext,
): AuthConfig {
  const { report } = context;
  if (item === undefined) return defaultAuth(path, context);
  const auth: AuthConfig = {};
  for (const method of Object.keys(staticMethods) as Authmethod[]) {
    const at = [...path, method];
    const written = item[method];
    if (written === undefined || report.isMalformed(at)) continue;
    const obstacle = obstacleTo(method, context);
    if (obstacle !== undefined) {
      report.warn(at, `has no effect: ${obstacle}`);
      continue;
    }
    Object.assign(auth, { [method]: normalizeMethod(method, written, at, context) });
  }
  if (auth.cookie !== undefined && Object.keys(item).length === 1) {
    report.warn(path, "cookie is the only authmethod, so nobody can join a first time");
  }
  if (Object.keys(auth).length === 0 && !report.isMalformed(path)) {
    report.warn(path, "no authmethod is configured, so nobody can join");
  }
  return auth;
}

function defaultAuth(path: JsonPath, context: TransportContext): AuthConfig {
  if (context.isRoleKnown("anonymous")) {
    context.report.warn(path, "there is no auth, so everyone may join as anonymous");
  } else {
    warnOfRole("anonymous", path, context);
  }
  return { anonymous: { type: "static", role: "anonymous" } };
}

/** What keeps clients from joining with an authmethod here; undefined: nothing does. */
function obstacleTo(
  method: Authmethod,
  { workerType, endpointType, asksForCertificate, cookieOrigins }: TransportContext,
): string | undefined {
  if (method === "anonymous-proxy" || method === "cryptosign-proxy") {
    if (workerType === "proxy")
      return "clients of a proxy cannot vouch for others; it is for routers";
    // Any program that reaches the port could claim any identity.
    if (method === "anonymous-proxy" && endpointType !== "unix") {
      return "over TCP it proves nothing; it needs a Unix socket, or cryptosign-proxy in its place";
    }
  }
  if (method === "tls" && !asksForCertificate) {
    return "the endpoint asks for no client certificate; it needs tls.ca_certificates";
  }
  if (method === "cookie" && cookieOrigins === undefined) {
    return 'no cookie is issued here; it needs "cookie" beside "auth"';
  }
  return undefined;
}

function normalizeMethod(
  method: Authmethod,
  written: unknown,
  path: JsonPath,
  context: TransportContext,
): AuthConfig[Authmethod] {
  // What is in them has no effect.
  if (method !== "cookie" && method !== "anonymous-proxy") {
    if (isDynamic(written)) return normalizeDynamicAuth(written, path, context);
    if (isFunction(written)) return normalizeFunctionAuth(written, path, context);
    if (isToken(written)) return normalizeTokenTicket(written, path, context);
  }
  return staticMethods[method](written as never, path, context);
}

function isDynamic(item: unknown): item is DynamicAuthItem {
  return isRecord(item) && item["type"] === "dynamic";
}

function isFunction(item: unknown): item is FunctionAuthItem {
  return isRecord(item) && item["type"] === "function";
}

function isToken(item: unknown): item is TokenTicketItem {
  return isRecord(item) && item["type"] === "jwt";
}

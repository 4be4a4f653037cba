/**
 * Normalizes `auth`: every authmethod of a transport.
 *
 * @module
 */

import type { AuthConfig, Authmethod, DynamicAuthConfig } from "#config/node-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { type AuthItemContext, warnOfRole } from "./auth-context.ts";
import type { AuthItem } from "./auth-schema.ts";
import type { DynamicAuthItem } from "./dynamic-auth-schema.ts";
import { normalizeDynamicAuth } from "./normalize-dynamic-auth.ts";
import { type Context, refuseVouching, staticMethods } from "./normalize-principals.ts";

/** The normalized authmethods; without `auth`, every client joins as `anonymous`. */
export function normalizeAuth(
  item: AuthItem | undefined,
  path: JsonPath,
  around: AuthItemContext,
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
  const context = { around, report };
  for (const method of Object.keys(staticMethods) as Authmethod[]) {
    const at = [...path, method];
    const written = item[method];
    if (written === undefined || report.isMalformed(at)) continue;
    if (method === "tls") demandCertificates(at, context);
    if (method === "cryptosign-proxy" && around.workerType === "proxy") {
      refuseVouching(method, at, report);
    }
    const normalized = isDynamic(written)
      ? normalizeDynamic(written, at, context)
      : staticMethods[method](written as never, at, context);
    Object.assign(auth, { [method]: normalized });
  }
  if (auth.cookie !== undefined && Object.keys(item).length === 1) {
    report.fault(path, "cookie is the only authmethod, so nobody could join a first time");
  }
  if (Object.keys(auth).length === 0 && !report.isMalformed(path)) {
    report.fault(path, "no authmethod is configured, so nobody could join");
  }
  return auth;
}

/** The normalized authmethods, or `passthrough`, for which the routes must not depend on the role. */
export function normalizeSessionAuth(
  item: AuthItem | "passthrough" | undefined,
  path: JsonPath,
  around: AuthItemContext,
  report: Report,
): AuthConfig | "passthrough" {
  if (item !== "passthrough") return normalizeAuth(item, path, around, report);
  if (around.workerType === "router") {
    report.fault(path, "passthrough is for proxy workers; a router authenticates by itself");
  }
  for (const realm of around.forkedRealms) {
    report.fault(
      path,
      `passthrough does not know the role, and the roles of realm "${realm}" lead to several connections; add a route for role "*"`,
    );
  }
  return "passthrough";
}

function isDynamic(item: object): item is DynamicAuthItem {
  return "type" in item && item.type === "dynamic";
}

function normalizeDynamic(
  item: DynamicAuthItem,
  path: JsonPath,
  { around, report }: Context,
): DynamicAuthConfig {
  const role = item["default-role"];
  if (role !== undefined) warnOfRole(role, [...path, "default-role"], around, report);
  return normalizeDynamicAuth(item, path, around, report);
}

function demandCertificates(path: JsonPath, { around, report }: Context): void {
  if (around.asksForCertificate) return;
  const sentence = "the endpoint asks for no client certificate; it needs tls.ca_certificates";
  report.fault(path, sentence, true);
}

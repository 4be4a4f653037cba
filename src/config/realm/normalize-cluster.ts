/**
 * Normalizes `cluster` of a realm.
 *
 * @module
 */

import { readSecret } from "#config/auth/secret.ts";
import { normalizeConnectingTls } from "#config/endpoint/normalize-endpoint-tls.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { ClusterConfig, ClusterLogin, ClusterTlsConfig } from "./cluster-config.ts";
import type { ClusterItem } from "./cluster-schema.ts";

const LOGINS = ["credentials", "token", "nkey"] as const;

/** The normalized cluster. */
export function normalizeCluster(item: ClusterItem, path: JsonPath, report: Report): ClusterConfig {
  const { type, servers, prefix, replicas } = item;
  const { presence_timeout, when_apart, prefer_local } = item;
  const tls = normalizeTls(item, [...path, "tls"], report);
  const login = normalizeLogin(item, path, report);
  return {
    type,
    servers,
    prefix,
    replicas,
    ...(tls && { tls }),
    ...(login && { login }),
    presence_timeout,
    when_apart,
    prefer_local,
  };
}

function normalizeTls(
  { tls }: ClusterItem,
  path: JsonPath,
  report: Report,
): ClusterTlsConfig | undefined {
  if (tls === undefined) return undefined;
  const { handshake_first, ...files } = tls;
  const { ca_certificates, own } = normalizeConnectingTls(files, path, report) ?? {};
  return { ...(ca_certificates && { ca_certificates }), ...(own && { own }), handshake_first };
}

function normalizeLogin(
  item: ClusterItem,
  path: JsonPath,
  report: Report,
): ClusterLogin | undefined {
  const [kind, second] = LOGINS.filter((name) => item[name] !== undefined);
  const written = kind && item[kind];
  if (kind === undefined || written === undefined) return undefined;
  if (second !== undefined) {
    report.fault([...path, second], `there is ${kind} already: the servers are shown one of them`);
  }
  return { kind, secret: readSecret(written, [...path, kind], report) };
}

/**
 * Normalizes how tokens are checked, those of a path (`bearer`) and those of tickets.
 *
 * @module
 */

import { resolve } from "node:path";
import { fileStateOf } from "#base/file-state.ts";
import { readPublicKeyFile } from "#base/public-key-set.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import { variableIn } from "#config/text/environment-variable.ts";
import type { Report } from "#config/text/report.ts";
import { readSecret } from "./secret.ts";
import type { KeySourceConfig, TokenConfig } from "./token-config.ts";
import { PUBLIC_KEY_ALGORITHMS, SECRET_ALGORITHMS, type TokenItem } from "./token-schema.ts";

const DEFAULT_REFRESH_INTERVAL_MS = 300_000;
const DEFAULT_LIFETIME_MS = 86_400_000;

/** Of which exactly one is given. */
const KEY_SOURCES = ["jwks_url", "jwks_file", "secret"] as const;

/** The normalized rules. What a role leads to depends on where the tokens are taken. */
export function normalizeToken(item: TokenItem, path: JsonPath, report: Report): TokenConfig {
  return {
    issuer: item.issuer,
    audience: asList(item.audience),
    keys: normalizeKeys(item, path, report),
    algorithms: normalizeAlgorithms(item, path, report),
    clock_tolerance: item.clock_tolerance,
    authid_claim: asList(item.authid_claim),
    authrole_claim: asList(item.authrole_claim),
    roles: item.roles ?? null,
    scopes: item.scopes,
    ...(item.cookie !== undefined && { cookie: item.cookie }),
  };
}

function asList(written: string | string[]): string[] {
  return typeof written === "string" ? [written] : written;
}

/** A key that is public must not count as a secret, and a secret is no public key. */
function normalizeAlgorithms(item: TokenItem, path: JsonPath, report: Report): string[] {
  const { algorithms, secret } = item;
  const possible = secret === undefined ? PUBLIC_KEY_ALGORITHMS : Object.keys(SECRET_ALGORITHMS);
  algorithms?.forEach((algorithm, index) => {
    if (possible.some((one) => one === algorithm)) return;
    const kind = secret === undefined ? "secrets, and the keys are public" : "key pairs";
    report.fault([...path, "algorithms", index], `"${algorithm}" is for ${kind}`);
  });
  return [...(algorithms ?? (secret === undefined ? PUBLIC_KEY_ALGORITHMS : ["HS256"]))];
}

function normalizeKeys(item: TokenItem, path: JsonPath, report: Report): KeySourceConfig {
  const { jwks_url, jwks_file, secret } = item;
  const given = KEY_SOURCES.filter((name) => item[name] !== undefined);
  if (given.length !== 1) {
    const found = given.length === 0 ? "none" : given.map((name) => `"${name}"`).join(" and ");
    report.fault(path, `expected one of "jwks_url", "jwks_file" and "secret", found ${found}`);
  }
  if (jwks_url !== undefined) return normalizeUrl(jwks_url, item, path, report);
  for (const name of ["jwks_refresh_interval", "jwks_lifetime"] as const) {
    if (item[name] !== undefined) {
      report.warn([...path, name], "has no effect: jwks_url is not given");
    }
  }
  if (jwks_file !== undefined) return normalizeFile(jwks_file, [...path, "jwks_file"], report);
  return { type: "secret", secret: normalizeSecret(secret, item, [...path, "secret"], report) };
}

function normalizeUrl(
  url: string,
  { jwks_refresh_interval, jwks_lifetime }: TokenItem,
  path: JsonPath,
  report: Report,
): KeySourceConfig {
  const parsed = URL.parse(url);
  if (parsed === null) report.fault([...path, "jwks_url"], "expected an http or https URL");
  else if (parsed.protocol === "http:" && !isLoopback(parsed.hostname)) {
    const sentence =
      "over http, keys can be exchanged on their way, and with them any token is valid";
    report.warn([...path, "jwks_url"], sentence);
  }
  const refresh_interval = jwks_refresh_interval ?? DEFAULT_REFRESH_INTERVAL_MS;
  const lifetime = jwks_lifetime ?? DEFAULT_LIFETIME_MS;
  if (lifetime < refresh_interval) {
    const state = "jwks_refresh_interval is longer, so that keys expire between two downloads";
    report.fault([...path, "jwks_lifetime"], `expected ${refresh_interval} or more: ${state}`);
  }
  return { type: "url", url, refresh_interval, lifetime };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "[::1]" || host.startsWith("127.");
}

function normalizeFile(name: string, path: JsonPath, report: Report): KeySourceConfig {
  const file = resolve(report.folder, name);
  try {
    readPublicKeyFile(file);
  } catch (thrown) {
    report.fault(path, `Cannot read the keys from "${file}": ${fileStateOf(thrown)}`);
  }
  return { type: "file", file };
}

/** Whether a random secret stands for a variable that is not set, which nobody can guess whatever its length. */
function isUnset(written: TokenItem["secret"], { env }: Report): boolean {
  const variable = typeof written === "string" ? variableIn(written) : null;
  return variable !== null && !env[variable];
}

function normalizeSecret(
  written: TokenItem["secret"],
  { algorithms = ["HS256"] }: TokenItem,
  path: JsonPath,
  report: Report,
): string {
  if (written === undefined) return "";
  const secret = readSecret(written, path, report);
  if (isUnset(written, report)) return secret;
  const octets = Buffer.byteLength(secret);
  for (const [name, least] of Object.entries(SECRET_ALGORITHMS)) {
    if (secret === "" || octets >= least || !algorithms.some((one) => one === name)) continue;
    report.fault(path, `expected at least ${least} octets for ${name}, found ${octets}`);
  }
  return secret;
}

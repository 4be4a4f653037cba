/**
 * Normalizes the options of Web transports, and of the Web services of universal ones.
 *
 * @module
 */

import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { WebOptions } from "./transport-config.ts";
import type { WebOptionsItem } from "./transport-schema.ts";

/** The normalized options; `endpoint` is null where it has faults. */
export function normalizeWebOptions(
  options: WebOptionsItem | undefined,
  path: JsonPath,
  endpoint: ListeningEndpointConfig | null,
  report: Report,
): WebOptions {
  if (options === undefined || report.isMalformed(path)) return {};
  const strict = normalizeStrictTransport(options, path, endpoint, report);
  return { ...strict, ...(options.access_log && { access_log: true }) };
}

function normalizeStrictTransport(
  options: WebOptionsItem,
  path: JsonPath,
  endpoint: ListeningEndpointConfig | null,
  report: Report,
): WebOptions {
  const { hsts, hsts_max_age = 31_536_000 } = options;
  if (hsts === undefined && options.hsts_max_age !== undefined) {
    report.warn([...path, "hsts_max_age"], "has no effect: hsts is not given");
  }
  if (!hsts) return {};
  if (endpoint === null || (endpoint.type === "tcp" && endpoint.tls)) return { hsts_max_age };
  // RFC 6797, section 7.2.
  report.warn([...path, "hsts"], "has no effect: the endpoint has no TLS");
  return {};
}

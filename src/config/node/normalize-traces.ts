/**
 * Normalizes `controller.traces`.
 *
 * @module
 */

import { readSecret } from "#config/auth/secret.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { TracesConfig } from "./node-config.ts";
import type { TracesItem } from "./traces-schema.ts";

/** The normalized traces. */
export function normalizeTraces(
  { url, headers, ratio }: TracesItem,
  path: JsonPath,
  report: Report,
): TracesConfig {
  const values = Object.entries(headers).map(([name, written]): [string, string] => {
    const at = [...path, "headers", name];
    const value = readSecret(written, at, report);
    // The fault does not quote the value, which may be a secret.
    if (!/^[\t\x20-\x7e]*$/.test(value)) report.fault(at, "expected printable ASCII in one line");
    return [name, value];
  });
  return { url, headers: Object.fromEntries(values), ratio };
}

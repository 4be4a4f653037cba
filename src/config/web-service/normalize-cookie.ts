/**
 * Normalizes `cookie` of a WebSocket path or transport.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import type { CookieConfig } from "#config/node-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import { isFolder } from "#config/text/folder-state.ts";
import type { Report } from "#config/text/report.ts";
import type { CookieItem } from "./cookie-schema.ts";

/** The normalized cookie; an empty object where none is configured. */
export function normalizeCookie(
  item: CookieItem | undefined,
  path: JsonPath,
  report: Report,
): { cookie?: CookieConfig } {
  if (item === undefined || report.isMalformed(path)) return {};
  const { name, length, max_age, secure, http_strict, same_site = null } = item;
  if (same_site === "None" && !secure) {
    report.warn([...path, "same_site"], 'browsers refuse "None" without "secure": true');
  }
  const store = normalizeStore(item, [...path, "store"], report);
  return { cookie: { name, length, max_age, secure, http_strict, same_site, store } };
}

function normalizeStore(
  { store }: CookieItem,
  path: JsonPath,
  report: Report,
): CookieConfig["store"] {
  if (store === undefined || store.type === "memory") return { type: "memory" };
  const filename = resolve(report.folder, store.filename);
  if (!isFolder(dirname(filename))) {
    report.fault([...path, "filename"], `Cannot keep cookies in "${filename}": no such folder`);
  }
  report.need([...path, "filename"], { kind: "cookies", file: filename });
  return { type: "file", filename };
}

/**
 * Normalizes `cookie` of a WebSocket path or transport.
 *
 * @module
 */

import { dirname, resolve } from "node:path";
import { isFolder } from "#base/folder-state.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { CookieConfig } from "./cookie-config.ts";
import type { CookieItem, StoreItem } from "./cookie-schema.ts";

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
  const store = normalizeStore(item.store, [...path, "store"], report);
  return { cookie: { name, length, max_age, secure, http_strict, same_site, store } };
}

function normalizeStore(
  store: StoreItem | undefined,
  path: JsonPath,
  report: Report,
): CookieConfig["store"] {
  if (store === undefined || store.type === "memory") return { type: "memory" };
  const isFile = store.type === "file";
  const at = [...path, isFile ? "filename" : "path"];
  const filename = resolve(
    report.folder,
    isFile ? store.filename : `${store.path.replace(/\/+$/, "")}.dat`,
  );
  if (!isFolder(dirname(filename))) {
    report.fault(at, `Cannot keep cookies in "${filename}": no such folder`);
  }
  report.need(at, { kind: "cookies", file: filename });
  return { type: "file", filename };
}

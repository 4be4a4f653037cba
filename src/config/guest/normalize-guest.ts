/**
 * Guests: from what is written to the normalized form.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { normalizeEnvironment } from "#config/component/normalize-component.ts";
import type { GuestOptions, GuestWorkerConfig } from "#config/node-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { GuestItem } from "./guest-schema.ts";

type OptionsItem = NonNullable<GuestItem["options"]>;

/** The normalized guest. */
export function normalizeGuest(
  item: GuestItem,
  id: string,
  path: JsonPath,
  report: Report,
): GuestWorkerConfig {
  const at = [...path, "options"];
  const options: Partial<OptionsItem> = report.isMalformed(at) ? {} : (item.options ?? {});
  warnClosed(options, at, report);
  return {
    type: "guest",
    id,
    executable: item.executable,
    arguments: item.arguments ?? [],
    options: {
      workdir: resolve(report.folder, options.workdir ?? "."),
      env: normalizeEnvironment(options.env),
      stdin: inputOf(options.stdin),
      stdout: options.stdout ?? "log",
      stderr: options.stderr ?? "log",
      watch: watchOf(options.watch, [...at, "watch"], report),
    },
  };
}

/** In Crossbar a closed output kills a program at its next line. */
function warnClosed(options: Partial<OptionsItem>, path: JsonPath, report: Report): void {
  for (const name of ["stdout", "stderr"] as const) {
    if (options[name] !== "close") continue;
    report.warn([...path, name], "the output is discarded; the program can go on writing");
  }
}

function inputOf(stdin: OptionsItem["stdin"]): GuestOptions["stdin"] {
  if (stdin === undefined) return "pipe";
  return stdin === "close" ? "close" : { value: stdin.value, close: stdin.close };
}

function watchOf(
  watch: OptionsItem["watch"],
  path: JsonPath,
  report: Report,
): GuestOptions["watch"] {
  if (watch === undefined) return null;
  const directories = watch.directories.map((folder) => resolve(report.folder, folder));
  directories.forEach((folder, index) => {
    if (existsSync(folder)) return;
    report.warn([...path, "directories", index], "there is no such folder at present");
  });
  return {
    directories,
    action: watch.action ?? null,
    timeout: watch.timeout * 1000,
  };
}

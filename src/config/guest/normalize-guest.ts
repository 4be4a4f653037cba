/**
 * Guests: from what is written to the normalized form.
 *
 * @module
 */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { normalizeEnvironment } from "#config/component/normalize-process-options.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { GuestOptions, GuestWorkerConfig } from "./guest-config.ts";
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
  const workdir = resolve(report.folder, options.workdir ?? ".");
  warnClosed(options, at, report);
  if (options.workdir !== undefined) {
    report.need([...at, "workdir"], { kind: "folder", folder: workdir });
  }
  if (!report.isMalformed([...path, "executable"])) {
    const files = candidatesFor(item.executable, workdir, report);
    report.need([...path, "executable"], { kind: "program", name: item.executable, files });
  }
  return {
    type: "guest",
    id,
    executable: item.executable,
    arguments: item.arguments ?? [],
    options: {
      workdir,
      env: normalizeEnvironment(options.env),
      stdin: inputOf(options.stdin, [...at, "stdin"], report),
      stdout: options.stdout ?? "log",
      stderr: options.stderr ?? "log",
      watch: watchOf(options.watch, [...at, "watch"], report),
      restart: options.restart ?? "on-failure",
    },
  };
}

/** The files that may be meant: below the working folder, and a bare name in PATH. */
function candidatesFor(executable: string, workdir: string, { env }: Report): string[] {
  const folders = executable.includes("/") ? [] : (env["PATH"] ?? "").split(":");
  return [
    resolve(workdir, executable),
    ...folders.filter((folder) => folder !== "").map((folder) => join(folder, executable)),
  ];
}

/** In Crossbar a closed output kills a program at its next line. */
function warnClosed(options: Partial<OptionsItem>, path: JsonPath, report: Report): void {
  for (const name of ["stdout", "stderr"] as const) {
    if (options[name] !== "close") continue;
    report.warn([...path, name], "the output is discarded; the program can go on writing");
  }
}

function inputOf(
  stdin: OptionsItem["stdin"],
  path: JsonPath,
  report: Report,
): GuestOptions["stdin"] {
  if (stdin === undefined) return "pipe";
  return stdin === "close"
    ? "close"
    : { text: report.jsonText([...path, "value"], stdin.value), close: stdin.close };
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

/**
 * Secrets, wherever they are kept: in the configuration, in the environment, in a file.
 *
 * @module
 */

import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { sentenceOf } from "#base/failure.ts";
import type { JsonPath } from "./config-issue.ts";
import type { Report } from "./report.ts";
import type { SecretItem } from "./schema/authmethod/common.ts";

/** More is no secret that somebody shows. */
const MOST_OCTETS = 65_536;

/** What is written so for a port is a variable; a secret may really be this text, which is not told. */
const UNBRACED = `it begins with $ and is taken as it stands; a variable is written "\${VARIABLE}", with braces`;

/**
 * A secret as written, out of the environment when it is written `${VARIABLE}`, or out of a file
 * when it is written `{"file": "…"}`. A file is an object and no text with a prefix, so that no
 * secret can be taken for a file's name.
 */
export function secretFrom(written: SecretItem, path: JsonPath, report: Report): string {
  if (typeof written !== "string") return fromFile(written.file, [...path, "file"], report);
  const variable = /^\$\{(\w+)\}$/.exec(written)?.[1];
  if (variable === undefined) {
    if (/^\$\w+$/.test(written)) report.warn(path, UNBRACED);
    return written;
  }
  const secret = report.env[variable];
  if (secret === undefined || secret === "") {
    report.fault(path, `environment variable ${variable} is not set`);
    return "";
  }
  return secret;
}

/** The text of a file, without one line end at its end, which editors add. */
function fromFile(name: string, path: JsonPath, report: Report): string {
  const file = resolve(report.folder, name);
  try {
    const stat = statSync(file);
    if (!stat.isFile()) throw new Error("it is no file");
    if (stat.size > MOST_OCTETS) throw new Error(`it is longer than ${MOST_OCTETS} octets`);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
    const secret = text.replace(/\r?\n$/, "");
    if (secret === "") throw new Error("it is empty");
    return secret;
  } catch (thrown) {
    report.fault(path, `Cannot read the secret from "${file}": ${stateOf(thrown)}`);
    return "";
  }
}

function stateOf(thrown: unknown): string {
  const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  if (code === "ENOENT" || code === "ENOTDIR") return "no such file";
  if (code === "EACCES") return "no permission";
  return thrown instanceof TypeError ? "it is not UTF-8 text" : sentenceOf(thrown);
}

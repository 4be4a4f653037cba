/**
 * Secrets out of the configuration, the environment or a file.
 *
 * @module
 */

import { randomUUID } from "node:crypto";
import { resolve } from "node:path";
import { fileStateOf } from "#base/file-state.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import { variableIn } from "#config/text/environment-variable.ts";
import { readText } from "#config/text/read-file.ts";
import type { Report } from "#config/text/report.ts";
import type { SecretItem } from "./principal-schema.ts";

/** A longer file is no secret. */
const MOST_OCTETS = 65_536;

/** For a port, `$VARIABLE` is a variable; a secret may be this very text, which the warning does not quote. */
const UNBRACED = `it begins with $ and is taken as it stands; a variable is written "\${VARIABLE}", with braces`;

/**
 * The secret of an item: a text is the secret itself, `${VARIABLE}` names a variable, and
 * `{"file": "…"}` a file. A file is named by an object, not by a text with a prefix, so that no secret
 * is mistaken for a file name.
 */
export function readSecret(written: SecretItem, path: JsonPath, report: Report): string {
  if (typeof written !== "string") return fromFile(written.file, [...path, "file"], report);
  const variable = variableIn(written);
  if (variable === null) {
    if (/^\$\w+$/.test(written)) report.warn(path, UNBRACED);
    return written;
  }
  const secret = report.env[variable];
  if (secret === undefined || secret === "") {
    report.warn(
      path,
      `environment variable ${variable} is not set, so a random secret is taken, which no client knows`,
    );
    return randomUUID();
  }
  return secret;
}

/** The text of a file, without the one line end that editors add. */
function fromFile(name: string, path: JsonPath, report: Report): string {
  const file = resolve(report.folder, name);
  try {
    const secret = readText(file, MOST_OCTETS).replace(/\r?\n$/, "");
    if (secret === "") throw new Error("it is empty");
    return secret;
  } catch (thrown) {
    report.fault(path, `Cannot read the secret from "${file}": ${fileStateOf(thrown)}`);
    return "";
  }
}

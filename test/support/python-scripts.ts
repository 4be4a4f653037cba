/** Interpreters that are scripts of the shell. */

import { chmodSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder.ts";
import { PYTHON } from "./wamp-clients.ts";

/** The file of an interpreter that runs these lines. */
export function scriptedPython(script: string): string {
  const file = join(temporaryFolder({ python: `#!/bin/sh\n${script}\n` }), "python");
  chmodSync(file, 0o755);
  return file;
}

/** The real one without its packages. */
export function barePython(): string {
  return scriptedPython(`exec "${PYTHON}" -S "$@"`);
}

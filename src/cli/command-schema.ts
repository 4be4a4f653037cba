/**
 * `crossproxy schema`: prints the JSON Schema of a configuration, for editors.
 *
 * @module
 */

import { nodeJsonSchema } from "#config/node/node-json-schema.ts";
import { writeCompletely } from "#observe/write-output.ts";

/** Prints the schema of this release. */
export function schemaCommand(): void {
  writeCompletely("stdout", `${JSON.stringify(nodeJsonSchema(), null, 2)}\n`);
}

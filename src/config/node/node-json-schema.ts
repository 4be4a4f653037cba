/**
 * The JSON Schema of the configuration file, for editors.
 *
 * @module
 */

import type { JsonSchema } from "#config/schema/json-keywords.ts";
import { jsonSchemaOf } from "#config/schema/json-schema.ts";
import { nodeSections } from "./node-sections.ts";

/** The JSON Schema (draft 2020-12). */
export function nodeJsonSchema(): JsonSchema {
  return jsonSchemaOf(nodeSections, "The configuration of a crossproxy node");
}

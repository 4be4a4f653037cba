/**
 * Reads the binary schemas of the catalogs of a node, and names those that are none.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { readSchemaFile } from "#base/schema-file.ts";
import type { PlacedNeed } from "#config/machine-need.ts";
import type { ConfigIssue } from "#config/text/config-issue.ts";

/** A fault for each: the node does not start with it. */
export function checkSchemas(needs: readonly PlacedNeed[]): ConfigIssue[] {
  return needs.flatMap(({ need, place }) => {
    const sentence = need.kind === "schema" ? faultOf(need.file) : null;
    return sentence === null ? [] : [{ ...place, sentence }];
  });
}

function faultOf(file: string): string | null {
  try {
    readSchemaFile(file);
    return null;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.message;
    throw thrown;
  }
}

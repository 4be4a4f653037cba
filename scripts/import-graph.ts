/**
 * ImportGraph: which files import a file, and over how many others. Imports of types alone do not count.
 *
 * @module
 */

import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The imports among the files that a pattern matches. */
export class ImportGraph {
  readonly #importers = new Map<string, string[]>();

  constructor(pattern: string) {
    const transpiler = new Bun.Transpiler({ loader: "ts" });
    for (const file of new Bun.Glob(pattern).scanSync()) {
      for (const { path } of transpiler.scanImports(readFileSync(file, "utf8"))) {
        const imported = path.startsWith("#") ? `src/${path.slice(1)}` : join(dirname(file), path);
        this.#importers.set(imported, [...(this.#importers.get(imported) ?? []), file]);
      }
    }
  }

  /** Every file from which imports lead to this one, with the fewest imports in between. */
  distancesTo(file: string): Map<string, number> {
    const distances = new Map([[file, 0]]);
    for (const [imported, distance] of distances) {
      for (const importer of this.#importers.get(imported) ?? []) {
        if (!distances.has(importer)) distances.set(importer, distance + 1);
      }
    }
    return distances;
  }
}

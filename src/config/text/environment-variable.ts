/**
 * Texts of node.json that stand for a variable of the environment.
 *
 * @module
 */

/** The variable that a whole text names, `NAME` of `${NAME}`; null where it names none. Any name counts, as in Crossbar. */
export function variableIn(text: string): string | null {
  return /^\$\{(.+)\}$/.exec(text)?.[1] ?? null;
}

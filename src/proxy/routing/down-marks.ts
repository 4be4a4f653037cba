/**
 * DownMarks: the backends that an operator has marked down, as one worker knows them.
 *
 * The controller has the marks, and sends all of them at each change, so that they outlast every configuration and
 * every process of a worker.
 *
 * @module
 */

import { type BackendName, covers } from "#observe/backend-facts.ts";

/** The marks of one worker. */
export class DownMarks {
  #marks: readonly BackendName[] = [];
  readonly #watchers = new Set<() => void>();

  /** Whether a backend is marked, by itself or with all of its connection. */
  has(backend: BackendName): boolean {
    return this.#marks.some((mark) => covers(mark, backend));
  }

  /** Whether a backend is marked by itself. */
  names({ connection, address }: BackendName): boolean {
    return this.#marks.some((mark) => mark.connection === connection && mark.address === address);
  }

  /** These marks replace those before. */
  use(marks: readonly BackendName[]): void {
    this.#marks = marks;
    for (const onChange of [...this.#watchers]) onChange();
  }

  /** Calls at each change, until the result is called. */
  watch(onChange: () => void): () => void {
    this.#watchers.add(onChange);
    return () => this.#watchers.delete(onChange);
  }
}

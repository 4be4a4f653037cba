/**
 * PreparedChange: a change of what runs, for which all is ready.
 *
 * Other configurations are prepared whole, which may fail, before any part of them holds.
 *
 * @module
 */

/** A change that is made at once, and cannot fail any more. */
export interface PreparedChange {
  apply(): void;
  /** Closes what was opened for it; all stays as it is. */
  abandon(): void;
}

/**
 * Prepares changes one after the other, as one change; when one of them cannot be prepared, those before it are
 * abandoned.
 */
export async function prepareTogether(
  preparations: Iterable<() => Promise<PreparedChange>>,
): Promise<PreparedChange> {
  const changes: PreparedChange[] = [];
  const abandon = () => {
    for (const change of changes) change.abandon();
  };
  try {
    for (const prepare of preparations) changes.push(await prepare());
  } catch (thrown) {
    abandon();
    throw thrown;
  }
  return {
    apply() {
      for (const change of changes) change.apply();
    },
    abandon,
  };
}

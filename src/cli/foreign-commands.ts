/**
 * The commands of Crossbar that there are not here, and what to do instead.
 *
 * @module
 */

/** A sentence for each. */
const FOREIGN_COMMANDS: Readonly<Record<string, string>> = {
  legal: "the license is Apache-2.0; its text is in the file LICENSE of the repository",
  quickstart: '"crossproxy init" writes an example into a folder',
  shell: 'there is no management shell; "crossproxy status" and "crossproxy top" show a node',
  edge: 'there is no master that manages nodes; "crossproxy start" runs a node by itself',
  master: 'there is no master that manages nodes; "crossproxy start" runs a node by itself',
  network: 'there are no XBR networks; "crossproxy start" runs a node by itself',
  _exec_worker: 'a node starts its workers itself; "crossproxy start" runs one',
};

/** What to do instead of a command of Crossbar; undefined: it has none of this name. */
export function insteadOf(command: string): string | undefined {
  return Object.hasOwn(FOREIGN_COMMANDS, command) ? FOREIGN_COMMANDS[command] : undefined;
}

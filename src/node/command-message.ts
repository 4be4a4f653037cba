/**
 * The commands of the command line to a running node, checked by the node.
 *
 * @module
 */

import * as v from "valibot";

const upgradeCommand = v.strictObject({
  command: v.literal("upgrade"),
  /** The program of that process: its file, and arguments that come before those of the node. */
  program: v.pipe(v.array(v.string()), v.minLength(1)),
  /** Also where sessions are lost by it. */
  isForced: v.boolean(),
});

const nodeCommand = v.variant("command", [
  /** The configuration is to be taken again. */
  v.strictObject({
    command: v.literal("reload"),
    /** Also without a change. */
    isForced: v.boolean(),
  }),
  upgradeCommand,
  /** As BackendMarks does it. */
  v.strictObject({
    command: v.literal("backend"),
    connection: v.string(),
    address: v.nullable(v.string()),
    isDown: v.boolean(),
  }),
  /** The answer has a line for each mark of a backend. */
  v.strictObject({ command: v.literal("status") }),
  /** The answer is NodeStatistics in JSON. */
  v.strictObject({ command: v.literal("figures") }),
]);

/** What a node is asked to do. */
export type NodeCommand = v.InferOutput<typeof nodeCommand>;

/** Another process is to serve in its place. */
export type UpgradeCommand = v.InferOutput<typeof upgradeCommand>;

/** The command; undefined: the value is none. */
export function parseNodeCommand(value: unknown): NodeCommand | undefined {
  const result = v.safeParse(nodeCommand, value);
  return result.success ? result.output : undefined;
}

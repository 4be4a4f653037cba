/**
 * `type: guest`: a worker that is any program.
 *
 * @module
 */

import * as v from "valibot";
import { environment } from "#config/component/process-options-schema.ts";
import { restart, workerId } from "#config/node/worker-attributes.ts";
import { defaulted, optional, required } from "#config/schema/attribute.ts";
import { item, itemOr, lenientItem } from "#config/schema/item.ts";
import { anything, fileName, MOST_MS, oneOf, text } from "#config/schema/primitive.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";

const jsonInput = item({
  type: required(v.literal("json"), "One JSON value."),
  value: required(anything, "The value, written as JSON text without a line feed."),
  close: defaulted(v.boolean(), true, "Whether the input ends behind it."),
});

const output = oneOf(["log", "close", "drop"]);

/** A timer takes no more milliseconds than these. */
const MOST_SECONDS = Math.floor(MOST_MS / 1000);

const expected = (issue: { received: string }) =>
  `expected 0 to ${MOST_SECONDS} seconds, found ${issue.received}`;

const seconds = v.pipe(v.number(), v.minValue(0, expected), v.maxValue(MOST_SECONDS, expected));

const watch = lenientItem({
  directories: defaulted(
    unchecked(v.array(fileName)),
    [],
    "Folders, relative to the folder of node.json.",
  ),
  action: optional(unchecked(oneOf(["restart"])), "Absent: changes are only logged."),
  timeout: defaulted(unchecked(seconds), 1, "Seconds without a further change before the restart."),
});

const guestOptions = item({
  disabled: optional(anything, "Extension. A true value skips the worker."),
  env: optional(environment, "Environment of the program."),
  workdir: optional(fileName, "Working folder; absent: the folder of node.json."),
  stdin: optional(
    itemOr("string", oneOf(["close"]), jsonInput),
    "`close`, or a JSON value. Absent: an open pipe to which nothing is written.",
  ),
  stdout: defaulted(
    output,
    "log",
    "`log`: a log record for each line; `close`, `drop`: discarded.",
  ),
  stderr: defaulted(output, "log", "The same for standard error."),
  watch: optional(watch, "Restarts the program when a file changes."),
  restart,
});

/** The worker. */
export const guest = item({
  type: required(v.literal("guest"), "Any program, which the node starts and ends."),
  id: workerId(text),
  executable: required(fileName, "A file below `options.workdir`, or a program in PATH."),
  arguments: defaulted(v.array(v.string()), [], "Passed as they are; no shell reads them."),
  options: optional(guestOptions, "Options."),
});

/** The worker as written. */
export type GuestItem = v.InferOutput<typeof guest>;

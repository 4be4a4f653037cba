/**
 * Options of workers that run programs which are not this one: environment, interpreter, title.
 *
 * @module
 */

import * as v from "valibot";
import { defaulted, optional } from "#config/schema/attribute.ts";
import { item, mapOf } from "#config/schema/item.ts";
import { anything, fileName, integer, text } from "#config/schema/primitive.ts";
import type { Schema } from "#config/schema/schema-shape.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";
import { meaningless } from "#config/schema/unhonoured.ts";

/** `options.env`: the environment of the process. */
export const environment = item({
  inherit: defaulted(
    v.union(
      [v.boolean(), v.array(text)],
      ({ received }) => `expected a boolean or a list of names, found ${received}`,
    ),
    true,
    "All variables of the node, none, or those with these names.",
  ),
  vars: defaulted(mapOf(text, v.string()), {}, "Variables set on top."),
});

/** An environment as written. */
export type EnvironmentItem = v.InferOutput<typeof environment>;

/** The router worker itself has to be ready within 30 seconds. */
export const DEFAULT_READY_TIMEOUT_MS = 20_000;

/** `options` of a worker that may run Python; `checked` is applied to the schema of each. */
function pythonOptionsWith(checked: <S extends Schema>(schema: S) => S) {
  return {
    disabled: optional(anything, "A true value skips the worker."),
    python: optional(
      checked(fileName),
      "Absolute path of the interpreter. Absent: CROSSPROXY_PYTHON, the virtual environment of VIRTUAL_ENV, or python3 in PATH.",
    ),
    pythonpath: defaulted(
      checked(v.array(fileName)),
      [],
      "Folders in which modules are searched first, relative to the folder of node.json.",
    ),
    env: optional(checked(environment), "Environment of the worker's processes."),
    ready_timeout: defaulted(
      checked(integer(0, 25_000)),
      DEFAULT_READY_TIMEOUT_MS,
      "Extension. Milliseconds for all components to become ready; after it nothing waits for them.",
    ),
    extra: meaningless(anything),
    reactor: meaningless(anything),
    expose_controller: meaningless(checked(v.boolean())),
    expose_shared: meaningless(checked(v.boolean())),
    traceback: meaningless(anything),
  };
}

/** Title and processors of the process of a worker itself; `checked` is applied to the schema of each. */
export function ownProcessOptionsWith(checked: <S extends Schema>(schema: S) => S) {
  return {
    title: optional(checked(text), "Name of the process, of which Linux keeps 15 octets."),
    cpu_affinity: defaulted(
      checked(v.array(integer(0, 4095))),
      [],
      "Processors that the worker may run on, by number, on Linux; empty: all.",
    ),
  };
}

/** Options of Python. */
export const pythonOptions = pythonOptionsWith((schema) => schema);

/** The same of a proxy, of which Crossbar checks nothing. */
export const uncheckedPythonOptions = pythonOptionsWith(unchecked);

/** Title and processors of the components' process. */
export const processOptions = {
  title: optional(text, "Title of the process, where the package setproctitle is installed."),
  cpu_affinity: defaulted(
    v.array(integer(0, 4095)),
    [],
    "Processors that the process may run on, by number; empty: all.",
  ),
};

/**
 * The environment of a process of components.
 *
 * @module
 */

import { resolve } from "node:path";
import { processEnvironment } from "#base/process-environment.ts";
import type { PythonOptions } from "#config/component/process-config.ts";

/**
 * The variables that `options.env` asks for, and PYTHONPATH: the folders of `pythonpath`, the folder in
 * which the node was started, that of the configuration, and what the node's own PYTHONPATH says, where relative
 * folders count from that of the start.
 *
 * Crossbar searches in the same order, and so finds modules beside `.crossbar`.
 */
export function componentEnvironment(
  { env, pythonpath }: PythonOptions,
  startFolder: string,
  folder: string,
): Record<string, string> {
  const inherited = process.env["PYTHONPATH"];
  const more = inherited ? inherited.split(":").map((name) => resolve(startFolder, name)) : [];
  const folders = [...pythonpath, startFolder, folder, ...more];
  return { ...processEnvironment(env), PYTHONPATH: [...new Set(folders)].join(":") };
}

/**
 * Containers: from what is written to the normalized form.
 *
 * @module
 */

import { asList } from "#base/record.ts";
import { defaultsOf } from "#config/schema/attribute.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { ContainerWorkerConfig } from "./container-config.ts";
import { type ContainerItem, containerOptions } from "./container-schema.ts";
import { normalizeContainerComponents } from "./normalize-component.ts";
import { normalizePythonOptions } from "./normalize-process-options.ts";

/** The normalized container. */
export function normalizeContainer(
  item: ContainerItem,
  id: string,
  path: JsonPath,
  report: Report,
): ContainerWorkerConfig {
  const at = [...path, "options"];
  const written = report.isMalformed(at) ? undefined : item.options;
  const options = written ?? defaultsOf(containerOptions);
  const { shutdown, restart } = options;
  const ends = shutdown === "shutdown-on-any-component-stopped";
  if (
    (restart === "restart-always" && shutdown !== "shutdown-manual") ||
    (restart === "restart-on-failed" && (ends || shutdown === "shutdown-on-any-component-failed"))
  ) {
    report.fault([...at, "restart"], `cannot be "${restart}" where shutdown is "${shutdown}"`);
  }
  if (asList(item.components).length === 0) {
    report.warn([...path, "components"], "there is no component, so nothing is run");
  }
  const python = normalizePythonOptions(options, at, report);
  const list = asList(item.components);
  const components = normalizeContainerComponents(list, [...path, "components"], report);
  report.endWorker(python);
  return { type: "container", id, options: { ...python, shutdown, restart }, components };
}

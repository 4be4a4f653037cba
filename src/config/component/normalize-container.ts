/**
 * Containers: from what is written to the normalized form.
 *
 * @module
 */

import type { ContainerWorkerConfig } from "#config/node-config.ts";
import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import { asList } from "#config/transport/normalize-transport.ts";
import type { ContainerItem } from "./container-schema.ts";
import { normalizeContainerComponents, normalizePythonOptions } from "./normalize-component.ts";

/** The normalized container. */
export function normalizeContainer(
  item: ContainerItem,
  id: string,
  path: JsonPath,
  report: Report,
): ContainerWorkerConfig {
  const at = [...path, "options"];
  const { shutdown = "shutdown-manual", restart = "restart-never" } =
    report.isMalformed(at) || item.options === undefined ? {} : item.options;
  const ends = shutdown === "shutdown-on-any-component-stopped";
  if (
    (restart === "restart-always" && shutdown !== "shutdown-manual") ||
    (restart === "restart-on-failed" && (ends || shutdown === "shutdown-on-any-component-failed"))
  ) {
    report.fault([...at, "restart"], `"${restart}" cannot be with "${shutdown}"`);
  }
  if (asList(item.components).length === 0) {
    report.warn([...path, "components"], "there are none, so nothing is run");
  }
  const python = normalizePythonOptions(item.options, at, report);
  const list = asList(item.components);
  const components = normalizeContainerComponents(list, [...path, "components"], report);
  report.needLoaded(python);
  return { type: "container", id, options: { ...python, shutdown, restart }, components };
}

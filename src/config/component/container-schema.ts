/**
 * `type: container`: a worker of components.
 *
 * @module
 */

import * as v from "valibot";
import { manhole, workerId } from "#config/node/worker-attributes.ts";
import { defaulted, optional, required } from "#config/schema/attribute.ts";
import { item } from "#config/schema/item.ts";
import { anything, oneOf, text } from "#config/schema/primitive.ts";
import { unchecked } from "#config/schema/tolerated-values.ts";
import { always, unhonoured } from "#config/schema/unhonoured.ts";
import { containerComponent } from "./component-schema.ts";
import { processOptions, pythonOptions } from "./process-options-schema.ts";

/** `options` of a container. */
export const containerOptions = item({
  ...pythonOptions,
  ...processOptions,
  shutdown: defaulted(
    oneOf([
      "shutdown-manual",
      "shutdown-on-last-component-stopped",
      "shutdown-on-any-component-stopped",
      "shutdown-on-any-component-failed",
    ]),
    "shutdown-manual",
    "When the container ends.",
  ),
  restart: defaulted(
    oneOf(["restart-never", "restart-always", "restart-on-failed"]),
    "restart-never",
    "Which components are started again.",
  ),
});

/** The worker. */
export const container = item({
  type: required(v.literal("container"), "A worker of components in Python."),
  id: workerId(unchecked(text)),
  options: optional(containerOptions, "Options."),
  components: defaulted(
    v.array(containerComponent),
    [],
    "Components, in the order of their start.",
  ),
  connections: optional(unhonoured(anything, always, "components connect by themselves")),
  manhole,
});

/** The worker as written. */
export type ContainerItem = v.InferOutput<typeof container>;

/** The page of a node, as a path has it that says nothing else. */

import type { NodeInfoServiceConfig } from "#config/web-service/web-service-config.ts";

/** Every client may see it. */
export const openNodePage: NodeInfoServiceConfig = {
  type: "nodeinfo",
  require_ip: null,
  token: null,
};

/** Web transports with a long-poll path, as the loader of node.json makes them. */

import type { WebTransportConfig } from "#config/transport/transport-config.ts";
import type {
  LongPollOptions,
  LongPollServiceConfig,
} from "#config/web-service/longpoll-config.ts";
import { loadNode, transportsOf } from "./loaded-node.ts";
import { anyPort } from "./transports.ts";

const { config } = await loadNode({
  version: 2,
  workers: [
    {
      type: "router",
      realms: [{ name: "realm1", roles: [] }],
      transports: [
        {
          type: "web",
          endpoint: { type: "tcp", port: 8080 },
          paths: { lp: { type: "longpoll", auth: { anonymous: { type: "static" } } } },
        },
      ],
    },
  ],
});
const [web] = transportsOf(config);
const made = web?.type === "web" ? web.paths["lp"] : undefined;
if (made?.type !== "longpoll") {
  throw new Error("Cannot take a long-poll path out of a node: it was loaded as something else");
}

/** The options of a path that sets none. */
export const longPollDefaults: LongPollOptions = made.options;

/** A long-poll path with these options, and the defaults for the others. */
export function longPollPath(
  options: Partial<LongPollOptions> = {},
  changes: Partial<LongPollServiceConfig> = {},
): LongPollServiceConfig {
  const { options: defaults, ...path } = made as LongPollServiceConfig;
  return { ...path, options: { ...defaults, ...options }, ...changes };
}

/** A Web transport on any port with such a path at `/lp`. */
export function longPollTransport(
  path: LongPollServiceConfig = longPollPath(),
  changes: Partial<WebTransportConfig> = {},
): WebTransportConfig {
  return { type: "web", id: "web", endpoint: anyPort, paths: { lp: path }, ...changes };
}

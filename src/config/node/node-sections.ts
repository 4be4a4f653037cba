/**
 * The configuration file as sections, for its reference and its JSON Schema.
 *
 * @module
 */

import { auth } from "#config/auth/auth-schema.ts";
import { connectingTransport } from "#config/connection/connection-schema.ts";
import { connectingEndpoint, listeningEndpoint } from "#config/endpoint/endpoint-schema.ts";
import type { PlacedSchema } from "#config/schema/schema-sections.ts";
import { transport } from "#config/transport/transport-schema.ts";
import { webService } from "#config/web-service/web-service-schema.ts";
import { node, workerOptions } from "./node-schema.ts";

/** The file, and the parts of it that stand in many places, by the paths that the documents use. */
export const nodeSections: readonly PlacedSchema[] = [
  ["node", node],
  ["workers[].options", workerOptions],
  ["connections.*.transport", connectingTransport],
  ["connections.*.transport.endpoint", connectingEndpoint],
  ["transports[]", transport],
  ["transports[].endpoint", listeningEndpoint],
  ["auth", auth],
  ["paths.*", webService],
];

/**
 * What a configuration makes, in a few lines for `check --verbose`: workers, their realms, routes, transports and paths.
 * It has no value that may be a secret.
 *
 * @module
 */

import type { NodeConfig } from "#config/node/node-config.ts";
import type { WorkerConfig } from "#config/node/worker-config.ts";
import { transportFactsOf } from "#node/transport-facts.ts";
import type { TransportFacts } from "#observe/statistics.ts";

/** Prints the outline, each line with a line feed at its end. */
export function printOutline({ folder, controller, workers }: NodeConfig): string {
  const lines = [
    `node ${controller.id} in ${folder}`,
    ...workers.flatMap((worker) => [
      `  ${worker.type} ${worker.id}`,
      ...outlineOf(worker).map((line) => `    ${line}`),
    ]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function outlineOf(worker: WorkerConfig): string[] {
  const transports = transportFactsOf(worker).flatMap(transportLines);
  switch (worker.type) {
    case "router": {
      const components = worker.components?.list.map(({ id }) => `component ${id}`) ?? [];
      return [...worker.realms.map(realmLine), ...components, ...transports];
    }
    case "proxy":
      return [...routeLines(worker.routes), ...transports];
    case "container":
      return worker.components.map(({ id, realm }) => `component ${id} of realm ${realm}`);
    case "guest":
      return [`runs ${worker.executable}`];
    default:
      return transports;
  }
}

function realmLine({ name, roles }: { name: string; roles: readonly { name: string }[] }): string {
  return `realm ${name}: ${roles.map((role) => role.name).join(", ") || "no roles"}`;
}

function routeLines(routes: Record<string, Record<string, string[]>>): string[] {
  return Object.entries(routes).flatMap(([realm, roles]) =>
    Object.entries(roles).map(
      ([role, connections]) => `route ${realm} ${role}: ${connections.join(", ")}`,
    ),
  );
}

function transportLines({ type, port, tls, paths }: TransportFacts): string[] {
  const where = port === null ? "a Unix socket" : `port ${port}`;
  return [
    `${type} on ${where}${tls ? " with TLS" : ""}`,
    ...paths.map(({ path, type: service }) => `  ${path} ${service}`),
  ];
}

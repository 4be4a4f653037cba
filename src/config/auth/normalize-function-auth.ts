/**
 * Normalizes authmethods of type `function`, and collects the authenticators that a worker has to run.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";
import type { JsonPath } from "#config/text/config-issue.ts";
import { isSameJson } from "#config/text/json-text.ts";
import type { WorkerContext } from "#config/transport/transport-context.ts";
import type { FunctionAuthConfig } from "./authenticator-config.ts";
import type { FunctionAuthItem } from "./authenticator-schema.ts";
import { warnOfRole } from "./role-rules.ts";

/** The normalized authmethod; its authenticator is added to those of the worker. */
export function normalizeFunctionAuth(
  item: FunctionAuthItem,
  path: JsonPath,
  context: WorkerContext,
): FunctionAuthConfig {
  const role = item["default-role"];
  context.report.needPython([...path, "create"], {
    kind: "python",
    wanted: { name: item.create },
  });
  if (role !== undefined) warnOfRole(role, [...path, "default-role"], context);
  return {
    type: "function",
    authenticator: idOf(item, path, context),
    "default-role": role ?? null,
    "authenticator-timeout": item["authenticator-timeout"],
  };
}

/** The id of the authenticator: authmethods with the same function and configuration share one. */
function idOf(
  { create, config: written = {} }: FunctionAuthItem,
  path: JsonPath,
  { authenticators, report }: WorkerContext,
): string {
  const { text: config, ...others } = report.pythonValue([...path, "config"], written);
  const alike = authenticators.filter((one) => one.create === create);
  const known = alike.find(
    (one) => isSameJson(one.config, config) && isDeepStrictEqual(one.parts, others.parts),
  );
  if (known !== undefined) return known.id;
  const id = alike.length === 0 ? create : `${create}#${alike.length + 1}`;
  authenticators.push({ id, type: "authenticator", create, config, ...others });
  return id;
}

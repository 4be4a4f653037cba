/**
 * Normalizes paths of type `wap`.
 *
 * @module
 */

import { resolve } from "node:path";
import { isFolder } from "#base/folder-state.ts";
import { isTopicPattern } from "#base/topic-pattern.ts";
import { MalformedRule, UrlRule } from "#base/url-rule.ts";
import { type JsonPath, printJsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { WorkerContext } from "#config/transport/transport-context.ts";
import { warnOfRealmAndRole } from "./realm-role-rules.ts";
import type { WapRouteConfig, WapServiceConfig } from "./wap-config.ts";
import type { WapItem } from "./wap-schema.ts";
import type { UnavailableServiceConfig } from "./web-service-config.ts";

/** The normalized service of the path `url`; without templates in a folder it is unavailable, after a warning. */
export function normalizeWap(
  item: WapItem,
  path: JsonPath,
  url: string,
  context: WorkerContext,
): WapServiceConfig | UnavailableServiceConfig {
  const { report } = context;
  const { realm, authrole: role } = item.wamp;
  const named = { realm, role, done: "called", roleAttribute: "authrole" } as const;
  warnOfRealmAndRole(named, [...path, "wamp"], context);
  const routes = item.routes.map((route, index) =>
    normalizeRoute(route, [...path, "routes", index], url, report),
  );
  if (typeof item.templates !== "string") {
    const sentence =
      "not honoured: templates of a Python package; requests for it are answered with 501";
    report.warn([...path, "templates"], sentence);
    return { type: "unavailable" };
  }
  const templates = resolve(report.folder, item.templates);
  if (!isFolder(templates)) {
    report.fault([...path, "templates"], `Cannot read templates in "${templates}": no such folder`);
    return { type: "unavailable" };
  }
  const { sandbox } = item;
  const service = printJsonPath(path);
  for (const [index, { render }] of routes.entries()) {
    const template = { service, folder: templates, name: render, isSandboxed: sandbox };
    report.needPython([...path, "routes", index, "render"], { kind: "template", ...template });
  }
  return { type: "wap", templates, sandbox, routes, realm, role };
}

function normalizeRoute(
  { path: rule, method, call, render }: WapItem["routes"][number],
  path: JsonPath,
  url: string,
  report: Report,
): WapRouteConfig {
  const whole = wholeRule(url, rule);
  try {
    new UrlRule(whole);
  } catch (thrown) {
    if (!(thrown instanceof MalformedRule)) throw thrown;
    report.fault([...path, "path"], `expected a rule of Werkzeug, and ${thrown.message}`);
  }
  const isOffered = typeof call !== "string" || isTopicPattern(call, "exact");
  if (!isOffered) {
    const sentence = `"${call}" is no URI; requests for it are answered with 501`;
    report.warn([...path, "call"], sentence);
  }
  return { rule: whole, method, call: call ?? null, render, isOffered };
}

/** The rule for a whole path, as Crossbar joins it. */
function wholeRule(url: string, rule: string): string {
  const mount = url.replace(/^\/+|\/+$/g, "");
  const below = rule === "/" ? [] : [rule];
  const joined = [...(mount === "" ? [] : [mount]), ...below].join("/");
  return joined.startsWith("/") ? joined : `/${joined}`;
}

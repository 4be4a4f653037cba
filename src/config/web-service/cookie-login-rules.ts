/**
 * Rules for paths whose clients are authenticated by the cookie of a WebSocket: there is one such WebSocket on
 * their transport.
 *
 * @module
 */

import type { JsonPath } from "#config/text/config-issue.ts";
import type { Report } from "#config/text/report.ts";
import type { WebServiceConfig } from "./web-service-config.ts";

/** A service of a transport. */
interface Mounted {
  /** `/a/b`, and empty for the root. */
  mount: string;
  /** Its place, if it is an item of a Web service. */
  at: JsonPath;
  service: WebServiceConfig;
}

/** Reports paths that name no WebSocket whose cookie is a login; `path` is the place of `paths`. */
export function checkCookieLogins(
  paths: Record<string, WebServiceConfig>,
  path: JsonPath,
  report: Report,
): void {
  const services = servicesBelow(paths, "", path);
  const all = services.filter(({ service }) => isLogin(service)).map(({ mount }) => mount);
  for (const { mount, at, service } of services) {
    if (service.type !== "sse" || !service.auth?.cookie) continue;
    const { websocket } = service.auth.cookie;
    const place = [...at, "auth", "cookie"];
    const [only] = all;
    if (websocket === null && all.length !== 1) report.fault(place, faultOf(all));
    else if (websocket !== null && !all.includes(websocket)) {
      report.fault([...place, "websocket"], `${LOGIN}, found "${printed(websocket)}"`);
    } else warnOfScope(websocket ?? only ?? "", mount, place, report);
  }
}

/** A cookie without the attribute Path is sent to its folder and below (RFC 6265, section 5.1.4). */
function warnOfScope(websocket: string, mount: string, place: JsonPath, report: Report): void {
  const scope = websocket.slice(0, websocket.lastIndexOf("/") + 1) || "/";
  if (`${mount}/`.startsWith(scope)) return;
  const sentence = `browsers send the cookie of ${printed(websocket)} only to paths below ${scope}`;
  report.warn(place, sentence);
}

function printed(mount: string): string {
  return mount || "/";
}

const LOGIN = 'expected the path of a WebSocket with "cookie" and the authmethod "cookie"';

function faultOf(all: readonly string[]): string {
  if (all.length === 0) return `${LOGIN}, which this transport lacks`;
  return `expected "websocket", because several have such a cookie: ${all.map(printed).join(", ")}`;
}

/** Whether the cookie of a client that has joined there is a login. */
function isLogin(service: WebServiceConfig): boolean {
  if (service.type !== "websocket" || service.cookie === undefined) return false;
  return service.auth !== "passthrough" && service.auth.cookie !== undefined;
}

function servicesBelow(
  paths: Record<string, WebServiceConfig>,
  above: string,
  path: JsonPath,
): Mounted[] {
  return Object.entries(paths).flatMap(([name, service]) => {
    const mount = name === "/" ? above : `${above}/${name}`;
    const at = [...path, name];
    if (service.type === "path") return servicesBelow(service.paths, mount, [...at, "paths"]);
    return [{ mount, at, service }];
  });
}

/**
 * Configurations of version 1, by the rules of `crossbar upgrade`: permissions have other attributes
 * than in version 2, and nothing else differs. A file without a version is of version 1.
 *
 * @module
 */

import { didYouMean } from "./schema/did-you-mean.ts";
import type { JsonPath } from "./text/config-issue.ts";
import type { ParsedText, ParsedWarning } from "./text/parsed-text.ts";

/** What a permission allows; in version 1 these are attributes of the permission itself. */
const PERMISSION_ACTIONS = ["call", "register", "publish", "subscribe"] as const;

/** Attributes of a permission that only version 2 has. */
const NEW_ATTRIBUTES = ["match", "allow", "disclose", "cache", "validate"];

const KNOWN_ATTRIBUTES = ["uri", ...PERMISSION_ACTIONS, ...NEW_ATTRIBUTES];

type Attributes = Record<string, unknown>;

/** A permission of version 1, with what it is in version 2. */
export interface UpgradedPermission {
  path: JsonPath;
  permission: Attributes;
  /** Attributes of neither version, which are left out. */
  unknown: string[];
}

/** Whether a parsed file says version 1, or none. */
export function isVersion1(value: unknown): value is Attributes {
  return isAttributes(value) && (!Object.hasOwn(value, "version") || value["version"] === 1);
}

/** Reads version 1 as version 2, with one warning; anything else is left as it is. */
export function readVersion1(parsed: ParsedText, file: string): ParsedText {
  const { value, places, warnings } = parsed;
  if (!isVersion1(value)) return parsed;
  const upgraded = upgradedPermissions(value);
  for (const { path } of upgraded) {
    for (const action of PERMISSION_ACTIONS) {
      places.copy([...path, action], [...path, "allow", action]);
    }
  }
  const isGiven = Object.hasOwn(value, "version");
  const state = `${isGiven ? "version 1" : "a file without a version"} is read as version 2`;
  const sentence = `${state}; "crossproxy upgrade ${file}" writes a file of version 2`;
  return {
    value: upgradeNode(value),
    places,
    warnings: [
      { path: isGiven ? ["version"] : [], sentence },
      ...warnings,
      ...upgraded.flatMap(unknownWarnings),
    ],
  };
}

/** Warnings of what a permission loses; `crossbar upgrade` leaves it out too. */
export function unknownWarnings({ path, unknown }: UpgradedPermission): ParsedWarning[] {
  return unknown.map((name) => {
    const sentence = `unknown attribute, which is left out${didYouMean(name, KNOWN_ATTRIBUTES)}`;
    return { path: [...path, name], sentence };
  });
}

/** A node of version 1 as one of version 2. */
export function upgradeNode(node: Attributes): Attributes {
  const upgraded = structuredClone({ version: 2, ...node });
  upgraded["version"] = 2;
  for (const { path, permission } of upgradedPermissions(node)) {
    const list = path
      .slice(0, -1)
      .reduce<unknown>((at, step) => (at as Attributes)[step], upgraded);
    (list as unknown[])[Number(path.at(-1))] = permission;
  }
  return upgraded;
}

/** All permissions of router workers that are in the form of version 1. */
export function upgradedPermissions(node: Attributes): UpgradedPermission[] {
  return itemsOf(node, "workers", [])
    .filter(({ item }) => item["type"] === "router")
    .flatMap(({ item, path }) => itemsOf(item, "realms", path))
    .flatMap(({ item, path }) => itemsOf(item, "roles", path))
    .flatMap(({ item, path }) => itemsOf(item, "permissions", path))
    .flatMap(({ item, path }) => {
      const permission = upgradePermission(item);
      const unknown = Object.keys(item).filter((name) => !KNOWN_ATTRIBUTES.includes(name));
      return permission === null ? [] : [{ path, permission, unknown }];
    });
}

/** A permission in the form of version 2; null when it is in no form, or in this one. */
export function upgradePermission(written: unknown): Attributes | null {
  if (!isAttributes(written) || Object.hasOwn(written, "allow")) return null;
  const has = (name: string) => Object.hasOwn(written, name);
  if (!PERMISSION_ACTIONS.some(has) && NEW_ATTRIBUTES.some(has)) return null;
  const {
    uri,
    call = false,
    register = false,
    publish = false,
    subscribe = false,
    ...others
  } = written;
  const known = Object.entries(others).filter(([name]) => NEW_ATTRIBUTES.includes(name));
  return {
    ...(has("uri") && { uri }),
    ...(typeof uri === "string" && !has("match") && readStars(uri)),
    ...(has("match") && { match: others["match"] }),
    allow: { call, register, publish, subscribe },
    disclose: { caller: false, publisher: false },
    cache: true,
    ...Object.fromEntries(known),
  };
}

/** A URI with `*` as URI and match: one at its end is for any end, others are for any component. */
function readStars(uri: string): { uri: string; match: string } {
  const stars = uri.split("*").length - 1;
  if (stars === 0) return { uri, match: "exact" };
  if (stars === 1 && uri.endsWith("*")) return { uri: uri.slice(0, -1), match: "prefix" };
  return { uri: uri.replaceAll("*", ""), match: "wildcard" };
}

/** The items of a list that are objects, each with its path. */
function itemsOf(
  parent: Attributes,
  name: string,
  path: JsonPath,
): { item: Attributes; path: JsonPath }[] {
  const list = parent[name];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown, index) =>
    isAttributes(item) ? [{ item, path: [...path, name, index] }] : [],
  );
}

function isAttributes(value: unknown): value is Attributes {
  if (typeof value !== "object" || value === null) return false;
  return Object.getPrototypeOf(value) === Object.prototype;
}

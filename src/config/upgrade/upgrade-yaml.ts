/**
 * A configuration of version 1 in YAML as one of version 2: only the permissions and the version are
 * written anew, all the rest of the text stays as it is. Comments within permissions are kept where they
 * are beside an attribute that stays.
 *
 * @module
 */

import { Document, isMap, isScalar, isSeq, type Node, Pair, Scalar, YAMLMap, YAMLSeq } from "yaml";
import type { JsonPath } from "#config/text/config-issue.ts";
import { type YamlPair, type YamlText, YamlValues } from "#config/text/yaml-values.ts";
import type { UpgradedPermission } from "#config/version-1.ts";
import { applyEdits, type TextEdit } from "./text-edit.ts";

/** The text of version 2. The text of version 1 has to hold a map. */
export function upgradeYaml(yaml: YamlText, permissions: readonly UpgradedPermission[]): string {
  const values = new YamlValues(yaml);
  const root = values.contentOf(yaml.document.contents);
  if (!isMap(root)) throw new Error("Cannot upgrade the text: it is no map");
  // An aliased permission is one map, and found more than once.
  const found = new Map(
    permissions.map(({ path, permission }) => [mapAt(values, root, path), permission]),
  );
  const edits = [...found].map(([map, permission]) => permissionEdit(yaml.text, map, permission));
  return applyEdits(yaml.text, [...edits, versionEdit(yaml.text, root)]);
}

function mapAt(values: YamlValues, root: YAMLMap, path: JsonPath): YAMLMap {
  const map = path.reduce<unknown>((node, step) => {
    const content = values.contentOf(node);
    if (isSeq(content)) return content.items[Number(step)];
    return isMap(content) ? values.attributesOf(content).get(String(step))?.value : null;
  }, root);
  const content = values.contentOf(map);
  if (!isMap(content)) throw new Error(`Cannot find ${path.join(".")} in the text`);
  return content;
}

function versionEdit(text: string, root: YAMLMap): TextEdit {
  const version = (root.items as YamlPair[]).findLast((pair) => nameOf(pair) === "version");
  if (version !== undefined) {
    const [start, end] = rangeOf(version.value);
    return { start, end, text: "2" };
  }
  const [start] = rangeOf(root);
  if (root.flow === true) {
    const text = root.items.length === 0 ? "version: 2" : "version: 2, ";
    return { start: start + 1, end: start + 1, text };
  }
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const at = startOfComment(text, lineStart);
  return {
    start: at,
    end: at,
    text: `${text.slice(lineStart, start)}version: 2${newLineOf(text)}`,
  };
}

/** Where the comment above a line begins, unless it begins the text: then it is about the whole. */
function startOfComment(text: string, lineStart: number): number {
  const comment = /(?:^|\n\s*\n)((?:[ \t]*#[^\n]*\n)+)$/.exec(text.slice(0, lineStart));
  const start = lineStart - (comment?.[1] ?? "").length;
  return start === 0 ? lineStart : start;
}

function permissionEdit(text: string, map: YAMLMap, permission: Record<string, unknown>): TextEdit {
  const [start] = rangeOf(map);
  const end = endOf(text, map);
  const column = start - (text.lastIndexOf("\n", start - 1) + 1);
  const upgraded = upgradeMap(map, permission);
  const document = new Document<YAMLMap, false>(undefined, { schema: "failsafe" });
  document.contents = upgraded;
  const written = document.toString({
    lineWidth: 0,
    verifyAliasOrder: false,
    indent: /^( {2,8})\S/m.exec(text)?.[1]?.length ?? 2,
    flowCollectionPadding: text[start + 1] === " ",
  });
  const lines = written.trimEnd().replaceAll(/\n(?=.)/g, `\n${" ".repeat(column)}`);
  return { start, end, text: lines.replaceAll("\n", newLineOf(text)) };
}

/** The end of a flow map; of another one that of its last line, as the comment there is kept. */
function endOf(text: string, map: YAMLMap): number {
  const [, end] = rangeOf(map);
  if (map.flow === true) return end;
  const last = text.slice(0, end).trimEnd().length;
  const [rest = ""] = /[^\r\n]*/.exec(text.slice(last)) ?? [];
  return last + rest.length;
}

/**
 * The permission with the nodes of all attributes that stay; what was merged becomes its own. What stands
 * before the map in the text is left there: anchor, tag, and the comment above.
 */
function upgradeMap(map: YAMLMap, permission: Record<string, unknown>): YAMLMap {
  const own = new Map((map.items as YamlPair[]).map((pair) => [nameOf(pair), pair]));
  const keptOrNew = ([name, value]: [string, unknown]) => own.get(name) ?? newPair(name, value);
  const upgraded = new YAMLMap();
  upgraded.flow = map.flow ?? false;
  upgraded.items = Object.entries(permission).map(([name, value]) => {
    const pair = own.get(name);
    if (name === "uri" && pair !== undefined) return withUri(pair, value);
    if (name !== "allow") return keptOrNew([name, value]);
    const allow = new YAMLMap();
    allow.items = Object.entries(value as Record<string, unknown>).map(keptOrNew);
    return new Pair(new Scalar(name), allow);
  });
  const first = (map.items as YamlPair[])[0]?.key;
  if (isScalar(first)) delete first.commentBefore;
  return upgraded;
}

function withUri(pair: YamlPair, uri: unknown): YamlPair {
  const { comment, source } = (pair.value ?? {}) as Scalar;
  if (source === uri) return pair;
  const value = newNode(uri);
  if (comment !== undefined) value.comment = comment;
  return new Pair(pair.key, value);
}

function nameOf({ key }: YamlPair): string | undefined {
  return isScalar(key) ? key.source : undefined;
}

function newPair(name: string, value: unknown): YamlPair {
  return new Pair<unknown, unknown>(new Scalar(name), newNode(value));
}

/** Texts are in quotes, so that none can be taken for a number. */
function newNode(value: unknown): Scalar | YAMLMap | YAMLSeq {
  if (Array.isArray(value)) {
    const list = new YAMLSeq();
    list.items = value.map(newNode);
    return list;
  }
  if (typeof value === "object" && value !== null) {
    const map = new YAMLMap();
    map.items = Object.entries(value).map(([name, item]) => newPair(name, item));
    return map;
  }
  const scalar = new Scalar(String(value));
  scalar.type = typeof value === "string" ? "QUOTE_DOUBLE" : "PLAIN";
  return scalar;
}

function rangeOf(node: unknown): [start: number, end: number] {
  const [start, end] = (node as Node | null)?.range ?? [0, 0];
  return [start, end];
}

function newLineOf(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

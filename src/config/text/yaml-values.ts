/**
 * YamlValues: from the nodes of a YAML document to values, as PyYAML's safe loader makes them, each with
 * its place.
 *
 * What an alias names, and what is merged by `<<`, is read again wherever it is used; its items keep
 * the places at which they are written.
 *
 * @module
 */

import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  type Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { JsonPath } from "./config-issue.ts";
import {
  MAX_DEPTH,
  NO_PROTO,
  type ParsedWarning,
  repeatedAttribute,
  SyntaxFault,
  TOO_DEEP,
} from "./parsed-text.ts";
import { type Position, SourceMap } from "./source-map.ts";
import {
  isoDateOf,
  jsonNumberOf,
  plainTag,
  readScalar,
  SCALAR_TAGS,
  type ScalarTag,
} from "./yaml-scalars.ts";

/** How many items aliases and merges may add; a few nested ones could make any number. */
const MAX_COPIES = 100_000;

const TAG_PREFIX = "tag:yaml.org,2002:";

/** The one document of a text. */
export interface YamlText {
  document: Document;
  text: string;
  positionAt: (offset: number) => Position;
}

/** An attribute of a map, own or merged. */
export type YamlPair = Pair<unknown, unknown>;

/** A node that is no alias; null: nothing is written. */
type Content = Scalar | YAMLMap | YAMLSeq | null;

/** Reads the nodes of one document. */
export class YamlValues {
  readonly places = new SourceMap();
  readonly warnings: ParsedWarning[] = [];
  readonly #text: string;
  readonly #positionAt: (offset: number) => Position;
  readonly #named = new Map<Alias, Content>();
  readonly #flattened = new Map<YAMLMap, readonly YamlPair[]>();
  readonly #withWarning = new Set<YAMLMap>();
  /** The collections that are being read: an alias of one of them would have no end. */
  readonly #open = new Set<Content>();
  /** The maps whose merged attributes are being looked for. */
  readonly #merging = new Set<YAMLMap>();
  #copies = 0;
  #aliasDepth = 0;

  constructor({ document, text, positionAt }: YamlText) {
    this.#text = text;
    this.#positionAt = positionAt;
    const anchors = new Map<string, Content>();
    visit(document, {
      Node: (_, node) => {
        if (isAlias(node)) {
          const named = anchors.get(node.source);
          if (named === undefined) {
            this.#fault(node, "no anchor before this alias has its name");
          }
          this.#named.set(node, named);
        } else if (node.anchor !== undefined) {
          if (anchors.has(node.anchor)) this.#fault(node, "this anchor is given twice");
          anchors.set(node.anchor, node as Content);
        }
      },
    });
  }

  /** What an alias names; any other node itself. */
  contentOf(node: unknown): Content {
    return isAlias(node) ? (this.#named.get(node) ?? null) : ((node ?? null) as Content);
  }

  /** The attributes of a map by their names, merged ones too; of several with one name the last. */
  attributesOf(map: YAMLMap, path: JsonPath = []): Map<string, YamlPair> {
    const attributes = new Map<string, YamlPair>();
    for (const pair of this.#flatten(map, path)) {
      attributes.set(this.#attributeName(pair, path), pair);
    }
    return attributes;
  }

  /** The value of a node. */
  read(node: unknown, path: JsonPath): unknown {
    this.#addPlace(path, node);
    const content = this.contentOf(node);
    if (isAlias(node)) this.#aliasDepth++;
    if (this.#aliasDepth > 0) this.#count(1, node, path);
    if (this.#open.has(content)) {
      this.#fault(node, "this alias stands inside of what it names", path);
    }
    const value = this.#readContent(content, path);
    if (isAlias(node)) this.#aliasDepth--;
    return value;
  }

  #readContent(content: Content, path: JsonPath): unknown {
    if (content === null) return null;
    if (isScalar(content)) return this.#readScalar(content, path);
    if (path.length > MAX_DEPTH) this.#fault(content, TOO_DEEP, path);
    this.#open.add(content);
    const value = isMap(content) ? this.#readMap(content, path) : this.#readList(content, path);
    this.#open.delete(content);
    return value;
  }

  #readScalar(scalar: Scalar, path: JsonPath): unknown {
    const tag = this.#scalarTag(scalar, path);
    const text = this.#textOf(scalar);
    const value = readScalar(text, tag, (sentence) => this.#fault(scalar, sentence, path));
    if (typeof value === "number") {
      const digits = jsonNumberOf(text, tag, value);
      if (digits !== null) this.places.addNumber(path, digits, value);
    }
    if (value instanceof Date) this.places.addDate(path, isoDateOf(text));
    return value;
  }

  #scalarTag(scalar: Scalar, path: JsonPath): ScalarTag {
    if (scalar.tag === "!" || (scalar.tag === undefined && scalar.type === "PLAIN")) {
      return plainTag(this.#textOf(scalar));
    }
    const tag = shortTag(scalar) ?? "str";
    return SCALAR_TAGS.find((known) => known === tag) ?? this.#refuseTag(scalar, path);
  }

  #readMap(map: YAMLMap, path: JsonPath): unknown {
    const tag = shortTag(map) ?? "map";
    if (tag === "set") {
      return this.#readSet(map, path);
    }
    if (tag !== "map") this.#refuseTag(map, path);
    const object: Record<string, unknown> = {};
    this.#warnOfRepeated(map, path);
    const attributes = this.attributesOf(map, path);
    for (const [name, pair] of attributes) {
      const child = [...path, name];
      const place = this.#placeOf(pair.key);
      if (place !== null) this.places.addKey(child, place);
      object[name] = this.read(pair.value, child);
    }
    this.places.addNames(path, attributes.keys(), object);
    return object;
  }

  #readSet(map: YAMLMap, path: JsonPath): Set<unknown> {
    const items = new Set<unknown>();
    for (const { key } of this.#flatten(map, path)) {
      const child = [...path, items.size];
      // That of an item which the set has already.
      this.places.forget(child);
      const item = this.read(key, child);
      if (!isScalar(this.contentOf(key)))
        this.#fault(key, "an item of !!set has to be a scalar", child);
      items.add(item);
    }
    return items;
  }

  #readList(list: YAMLSeq, path: JsonPath): unknown[] {
    const tag = shortTag(list) ?? "seq";
    if (tag === "seq") return list.items.map((item, index) => this.read(item, [...path, index]));
    if (tag !== "omap" && tag !== "pairs") this.#refuseTag(list, path);
    return list.items.map((item, index) => {
      const map = this.contentOf(item);
      const child = [...path, index];
      const [pair, ...more] = isMap(map) ? map.items : [];
      if (pair === undefined || more.length > 0) {
        this.#fault(item, `each item of !!${tag} has to be a map of one attribute`, child);
      }
      return [this.read(pair.key, [...child, 0]), this.read(pair.value, [...child, 1])];
    });
  }

  /**
   * The attributes of a map behind those that are merged into it.
   *
   * Of two merged ones with one name PyYAML takes the last, unless the name is of one character (of
   * Latin-1) or empty: then the first. It compares names by identity, and Python has each of these once.
   */
  #flatten(map: YAMLMap, path: JsonPath): readonly YamlPair[] {
    const known = this.#flattened.get(map);
    if (known !== undefined) return known;
    const merged = new Map<unknown, YamlPair>();
    const own: YamlPair[] = [];
    this.#merging.add(map);
    for (const pair of map.items as YamlPair[]) {
      if (!this.#isMergeKey(pair.key, path)) {
        own.push(pair);
        continue;
      }
      for (const source of this.#mergeSources(pair, path)) {
        for (const one of this.#flatten(source, path)) {
          const identity = this.#identityOf(one.key);
          if (!merged.has(identity)) merged.set(identity, one);
        }
      }
    }
    this.#merging.delete(map);
    this.#count(merged.size, map, path);
    const all = [...merged.values(), ...own];
    this.#flattened.set(map, all);
    return all;
  }

  #isMergeKey(key: unknown, path: JsonPath): boolean {
    const content = this.contentOf(key);
    return isScalar(content) && this.#scalarTag(content, path) === "merge";
  }

  #mergeSources({ key, value }: YamlPair, path: JsonPath): YAMLMap[] {
    const content = this.contentOf(value);
    const sources = isSeq(content) ? content.items : [value];
    return sources.map((source) => {
      const map = this.contentOf(source);
      if (!isMap(map)) this.#fault(source ?? key, "<< takes a map, or a list of maps", path);
      if (this.#merging.has(map)) {
        this.#fault(source, "this alias stands inside of what it names", path);
      }
      return map;
    });
  }

  /** Unlike the parser, PyYAML adds no line break to a block scalar that ends a file without one. */
  #textOf({ source = "", type, range }: Scalar): string {
    const isBlock = type === "BLOCK_LITERAL" || type === "BLOCK_FOLDED";
    if (!isBlock || range?.[1] !== this.#text.length || !source.endsWith("\n")) return source;
    const lastLine = this.#text.slice(this.#text.lastIndexOf("\n") + 1);
    const isLast = /\S/.test(lastLine) || (lastLine !== "" && /(?:^|\n) +\n$/.test(source));
    return isLast ? source.slice(0, -1) : source;
  }

  #identityOf(key: unknown): unknown {
    const content = this.contentOf(key);
    const text = isScalar(content) ? this.#textOf(content) : null;
    return text !== null && /^[\0-\xff]?$/.test(text) ? text : content;
  }

  #attributeName({ key, value }: YamlPair, path: JsonPath): string {
    const content = this.contentOf(key);
    const name = isScalar(content) ? this.#readName(content, path) : content;
    if (typeof name !== "string") {
      const kind = kindOf(name);
      this.#fault(
        key ?? value,
        `the name of an attribute has to be a text, found ${kind}${isScalar(content) ? "; put it in quotes" : ""}`,
        path,
      );
    }
    if (name === "__proto__") this.#fault(key, NO_PROTO, path);
    return name;
  }

  #readName(scalar: Scalar, path: JsonPath): unknown {
    const isText = this.#scalarTag(scalar, path) === "value";
    return isText ? this.#textOf(scalar) : this.#readScalar(scalar, path);
  }

  #warnOfRepeated(map: YAMLMap, path: JsonPath): void {
    if (this.#withWarning.has(map)) return;
    this.#withWarning.add(map);
    const lines = new Map<string, number | undefined>();
    for (const pair of map.items as YamlPair[]) {
      if (this.#isMergeKey(pair.key, path)) continue;
      const name = this.#attributeName(pair, path);
      if (lines.has(name)) {
        this.warnings.push(repeatedAttribute([...path, name], lines.get(name)));
      }
      lines.set(name, this.#placeOf(pair.key)?.line);
    }
  }

  #count(copies: number, node: unknown, path: JsonPath): void {
    this.#copies += copies;
    if (this.#copies > MAX_COPIES) {
      this.#fault(node, `aliases and merges make more than ${MAX_COPIES} items`, path);
    }
  }

  /** The tag may be a secret that begins with ! and lacks its quotation marks: it is not quoted. */
  #refuseTag(node: Node, path: JsonPath): never {
    const sentence =
      "this tag is not known, or not for such a value; a text that begins with ! has to be in quotes";
    this.#fault(node, sentence, path);
  }

  #addPlace(path: JsonPath, node: unknown): void {
    const place = this.#placeOf(node);
    if (place !== null) this.places.addValue(path, place);
  }

  #placeOf(node: unknown): Position | null {
    const offset = (node as Node | null)?.range?.[0];
    return offset === undefined ? null : this.#positionAt(offset);
  }

  #fault(node: unknown, sentence: string, path: JsonPath = []): never {
    throw new SyntaxFault(sentence, this.#placeOf(node) ?? { line: 1, column: 1 }, path);
  }
}

/** The tag of a node without its prefix; undefined when it has none, or `!`. */
function shortTag(node: Node & { tag?: string }): string | undefined {
  if (node.tag === undefined || node.tag === "!") return undefined;
  return node.tag.startsWith(TAG_PREFIX) ? node.tag.slice(TAG_PREFIX.length) : "";
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return "a boolean";
  if (typeof value === "number") return "a number";
  if (value instanceof Date) return "a date";
  if (value instanceof Uint8Array) return "octets";
  return isSeq(value) ? "a list" : "an object";
}

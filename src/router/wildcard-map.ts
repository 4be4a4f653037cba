/**
 * WildcardMap: values by patterns whose empty components stand for any component.
 *
 * A tree, of whose nodes each looks at one component: patterns with the same text there, or none, are below it together.
 * A search goes down two ways at each node, that of its URI's component and that of any. Up to eight patterns are not
 * told apart by a further node, but compared one by one.
 *
 *     com..room1.value   com..room1.state      node 1 looks at component 2
 *     com..room2.value   …                       room1 -> two patterns    room2 -> one    any -> node 2
 *     com...value        …                     node 2 looks at component 3, …
 *
 * In memory a node is a number, and what is below it are pairs of that number and the hash of a component in one table,
 * with the places of patterns, or another node: less than 30 octets for a pattern. Every node tells patterns apart, so
 * that there are fewer nodes than patterns, and a search takes at most three steps for each pattern with as many
 * components as the URI; it needs that many only where most of them match in most components.
 *
 * @module
 */

import { NONE, PairTable } from "./pair-table.ts";
import { Places } from "./places.ts";
import { EMPTY_HASH, hashWith } from "./text-hash.ts";
import { DOT, isComponentEnd, isWildcardMatch } from "./uri-match.ts";

/** Most patterns that are compared one by one. */
const MAX_TOGETHER = 8;

/** The hash of an empty component; no other one has it. */
const ANY = 0;

/** What a component has for a hash that would be ANY. */
const OTHER = 1;

/** Above all nodes; a pattern is below it by its number of components. */
const TOP = 0;

/** A node of the tree. */
interface Node {
  /** The number of the component that it looks at. */
  readonly component: number;
  /** The node above it, and the hash with which it is below that one. */
  readonly parent: number;
  readonly hash: number;
  /** How many patterns and nodes are below it, */
  size: number;
  /** and these and their hashes, combined by exclusive or: of the last one, these are left. */
  below: number;
  hashes: number;
}

/** The places of values by wildcard pattern. */
export class WildcardMap<T extends object> {
  readonly #places: Places<T>;
  readonly #nodes = new Places<Node>();
  /** By node and hash: the places of patterns, or one node as a negative number. */
  readonly #table = new PairTable();

  constructor(places: Places<T>) {
    this.#places = places;
  }

  /** Octets of the table. */
  get octets(): number {
    return this.#table.octets;
  }

  /** The place of a pattern. */
  get(pattern: string): number | undefined {
    const [node, hash] = this.#lowest(hashesOf(pattern));
    return this.#below(node, hash).find((place) => this.#places.textAt(place) === pattern);
  }

  /** Adds the place of a pattern that has none. */
  set(pattern: string, place: number): void {
    const [node, hash] = this.#lowest(hashesOf(pattern));
    this.#attach(node, hash, place);
    const places = this.#below(node, hash);
    if (places.length > MAX_TOGETHER) this.#split(node, hash, places);
  }

  delete(pattern: string): void {
    const [node, hash] = this.#lowest(hashesOf(pattern));
    const place = this.#below(node, hash).find((one) => this.#places.textAt(one) === pattern);
    if (place === undefined) return;
    this.#detach(node, hash, place);
    if (this.#nodes.at(node)?.size === 1) this.#replace(node);
  }

  /** The values of all patterns that match, those with earlier literal components first. */
  matches(uri: string): T[] {
    if (this.#table.size === 0) return [];
    const count = componentCount(uri);
    if (this.#table.first(TOP, count) === NONE) return [];
    const found: number[] = [];
    const hashes = hashesOf(uri);
    const nodes: number[] = [];
    this.#visit(TOP, count, uri, found, nodes);
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      const hash = hashes[this.#nodes.at(node)?.component ?? 0] ?? ANY;
      if (hash !== ANY) this.#visit(node, hash, uri, found, nodes);
      this.#visit(node, ANY, uri, found, nodes);
    }
    const ordered = found.length > 1 ? this.#byLiterals(found) : found;
    return ordered.map((place) => this.#places.at(place) as T);
  }

  /** Adds to what is found the patterns below a node that match, and to the nodes the one that is there instead. */
  #visit(node: number, hash: number, uri: string, found: number[], nodes: number[]): void {
    const table = this.#table;
    for (let cell = table.first(node, hash); cell !== NONE; cell = table.next(cell, node, hash)) {
      const below = table.at(cell);
      if (below < 0) {
        nodes.push(-below);
        return;
      }
      if (isWildcardMatch(this.#places.textAt(below), uri)) found.push(below);
    }
  }

  /** The lowest node for a pattern with components of these hashes, and the hash with which it is below it. */
  #lowest(hashes: readonly number[]): [node: number, hash: number] {
    let node = TOP;
    let hash = hashes.length;
    for (;;) {
      const cell = this.#table.first(node, hash);
      const below = cell === NONE ? 0 : this.#table.at(cell);
      if (below >= 0) return [node, hash];
      node = -below;
      hash = hashes[this.#nodes.at(node)?.component ?? 0] as number;
    }
  }

  /** What is below a node with a hash. */
  #below(node: number, hash: number): number[] {
    const table = this.#table;
    const all: number[] = [];
    for (let cell = table.first(node, hash); cell !== NONE; cell = table.next(cell, node, hash)) {
      all.push(table.at(cell));
    }
    return all;
  }

  /** Puts a node in the place of patterns; it looks at the first component in which they differ. */
  #split(parent: number, hash: number, places: readonly number[]): void {
    const all = places.map((place) => hashesOf(this.#places.textAt(place)));
    const component = firstDifference(all);
    if (component === undefined) return;
    const node = this.#nodes.add({ component, parent, hash, size: 0, below: 0, hashes: 0 }, "");
    for (const [index, place] of places.entries()) {
      this.#detach(parent, hash, place);
      this.#attach(node, all[index]?.[component] as number, place);
    }
    this.#attach(parent, hash, -node);
  }

  /** Removes a node; the last that is below it takes its place. */
  #replace(node: number): void {
    const { parent, hash, below, hashes } = this.#nodes.at(node) as Node;
    this.#detach(node, hashes, below);
    this.#nodes.delete(node);
    this.#detach(parent, hash, -node);
    this.#attach(parent, hash, below);
    const child = this.#nodes.at(-below);
    if (child !== undefined) Object.assign(child, { parent, hash });
  }

  /** Sorts patterns that match one URI: an earlier literal component goes first. No two have the same ones. */
  #byLiterals(found: readonly number[]): number[] {
    const ranked = found.map((place) => ({ place, rank: rankOf(this.#places.textAt(place)) }));
    ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
    return ranked.map(({ place }) => place);
  }

  #attach(node: number, hash: number, below: number): void {
    this.#table.add(node, hash, below);
    this.#count(node, hash, below, 1);
  }

  #detach(node: number, hash: number, below: number): void {
    this.#table.delete(node, hash, below);
    this.#count(node, hash, below, -1);
  }

  #count(number: number, hash: number, below: number, change: 1 | -1): void {
    const node = this.#nodes.at(number);
    if (node === undefined) return;
    node.size += change;
    node.below ^= below;
    node.hashes ^= hash;
  }
}

/** The first component in which hashes of patterns differ; undefined: there is none. */
function firstDifference(all: readonly (readonly number[])[]): number | undefined {
  const [first = []] = all;
  const component = first.findIndex((hash, index) => all.some((other) => other[index] !== hash));
  return component < 0 ? undefined : component;
}

function componentCount(text: string): number {
  let count = 1;
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) === DOT) count += 1;
  return count;
}

/** The hashes of the components of a text. */
function hashesOf(text: string): number[] {
  const hashes: number[] = [];
  let hash = EMPTY_HASH;
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit !== DOT) {
      hash = hashWith(hash, unit);
      continue;
    }
    hashes.push(index === start ? ANY : hash || OTHER);
    hash = EMPTY_HASH;
    start = index + 1;
  }
  hashes.push(start === text.length ? ANY : hash || OTHER);
  return hashes;
}

/** A text that is less the earlier the literal components of a pattern are; each of its units tells of fifteen. */
function rankOf(pattern: string): string {
  let rank = "";
  let bits = 1;
  let start = 0;
  for (;;) {
    bits = bits * 2 + (isComponentEnd(pattern, start) ? 1 : 0);
    const dot = pattern.indexOf(".", start);
    if (dot < 0) return rank + String.fromCharCode(bits);
    if (bits >= 2 ** 15) {
      rank += String.fromCharCode(bits);
      bits = 1;
    }
    start = dot + 1;
  }
}

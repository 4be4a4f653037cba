/**
 * WildcardMap: values by wildcard pattern, of which there may be many.
 *
 * Patterns with the same components empty are in one group, where a URI without these components is looked up: a look-up
 * takes as many steps as there are groups, however many patterns they have.
 *
 * @module
 */

/** The patterns with the same components empty. */
interface WildcardGroup<T> {
  /** A `0` for each component that has to be the same, a `1` for each that may be any. */
  readonly form: string;
  readonly values: Map<string, T>;
}

const ANY = "1";

/** Values by pattern. */
export class WildcardMap<T> {
  /** By number of components, because a wildcard matches only URIs with as many; in the order of their forms. */
  readonly #groups = new Map<number, WildcardGroup<T>[]>();

  get(pattern: string): T | undefined {
    const components = pattern.split(".");
    return this.#find(components)?.values.get(pattern);
  }

  set(pattern: string, value: T): void {
    const components = pattern.split(".");
    const group = this.#find(components) ?? this.#open(components);
    group.values.set(pattern, value);
  }

  delete(pattern: string): void {
    const components = pattern.split(".");
    const group = this.#find(components);
    group?.values.delete(pattern);
    if (group?.values.size !== 0) return;
    const groups = this.#groups.get(components.length) ?? [];
    groups.splice(groups.indexOf(group), 1);
    if (groups.length === 0) this.#groups.delete(components.length);
  }

  /** The values of all patterns that match, those with earlier literal components first. */
  *matches(uri: string): Generator<T, undefined> {
    if (this.#groups.size === 0) return;
    const components = uri.split(".");
    for (const { form, values } of this.#groups.get(components.length) ?? []) {
      const value = values.get(patternOf(components, form));
      if (value !== undefined) yield value;
    }
  }

  #find(components: readonly string[]): WildcardGroup<T> | undefined {
    const groups = this.#groups.get(components.length) ?? [];
    const form = formOf(components);
    const group = groups[placeOf(form, groups)];
    return group?.form === form ? group : undefined;
  }

  #open(components: readonly string[]): WildcardGroup<T> {
    const groups = this.#groups.get(components.length) ?? [];
    const group = { form: formOf(components), values: new Map<string, T>() };
    groups.splice(placeOf(group.form, groups), 0, group);
    this.#groups.set(components.length, groups);
    return group;
  }
}

function formOf(components: readonly string[]): string {
  return components.map((component) => (component === "" ? ANY : "0")).join("");
}

/** The pattern of a form that matches a URI of these components. */
function patternOf(components: readonly string[], form: string): string {
  let pattern = form[0] === ANY ? "" : (components[0] ?? "");
  for (let index = 1; index < components.length; index++) {
    pattern += form[index] === ANY ? "." : `.${components[index]}`;
  }
  return pattern;
}

/** The index of the first group that is not before this form. */
function placeOf(form: string, groups: readonly { form: string }[]): number {
  let [low, high] = [0, groups.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((groups[middle]?.form ?? "") < form) low = middle + 1;
    else high = middle;
  }
  return low;
}

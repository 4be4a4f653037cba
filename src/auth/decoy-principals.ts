/**
 * Decoy principals: they make the challenge for an unknown authid look like that for a known one.
 *
 * Known authids always get the same salt, so unknown ones must too. A decoy's salt is derived from
 * the authid and from a key that all workers of the node share, and cannot be told from a real one. It
 * is not derived from the configuration: otherwise a client could test guesses against the salt that
 * it was shown.
 *
 * @module
 */

import { hkdfSync } from "node:crypto";

/** Makes credentials that no client has and that look like those of the `template` principal. */
export type MakeDecoy<Principal> = (template: Principal, random: DecoyRandom) => Principal;

/** Random until a worker sets it, as in a test, where no other process needs the same. */
let key: Uint8Array = crypto.getRandomValues(new Uint8Array(32));

/** Sets the key of all decoys of this process; it must not leave the node. */
export function useDecoyKey(hex: string): void {
  key = Uint8Array.fromHex(hex);
}

/** Decoys that look like one set of principals. */
export class DecoyPrincipals<Principal> {
  static readonly #cache = new WeakMap<object, DecoyPrincipals<never>>();
  readonly #principals: Principal[];
  readonly #sharedSalts: ReadonlySet<unknown>;

  private constructor(principals: Record<string, Principal>) {
    this.#principals = Object.values(principals);
    const seen = new Set<unknown>();
    const salts = this.#principals.map((one) => (one as { salt?: unknown }).salt);
    this.#sharedSalts = new Set(salts.filter((salt) => seen.size === seen.add(salt).size));
  }

  /** The decoys for these principals; cached, as the principals can be many. */
  static of<Principal>(principals: Record<string, Principal>): DecoyPrincipals<Principal> {
    const cached = DecoyPrincipals.#cache.get(principals) as DecoyPrincipals<Principal> | undefined;
    if (cached !== undefined) return cached;
    const decoys = new DecoyPrincipals(principals);
    DecoyPrincipals.#cache.set(principals, decoys as DecoyPrincipals<never>);
    return decoys;
  }

  /** The decoy for an authid, modelled on one of the principals; undefined: there are none. */
  decoyFor(make: MakeDecoy<Principal>, authid: string): Principal | undefined {
    const random = new DecoyRandom(authid, this.#sharedSalts);
    const number = Buffer.from(random.octets(6, "which")).readUIntBE(0, 6);
    const template = this.#principals[number % this.#principals.length];
    return template === undefined ? undefined : make(template, random);
  }
}

/** Octets and salts that look random, and are the same each time for one authid and one purpose. */
export class DecoyRandom {
  readonly #authid: string;
  readonly #sharedSalts: ReadonlySet<unknown>;

  constructor(authid: string, sharedSalts: ReadonlySet<unknown>) {
    this.#authid = authid;
    this.#sharedSalts = sharedSalts;
  }

  /** This many octets (at most 8160). */
  octets(count: number, purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync("sha256", key, this.#authid, purpose, count));
  }

  /**
   * Another salt of the same length, with a letter for each letter and a digit for each digit. A salt
   * that several principals share is kept: another one would reveal which authids are among them.
   */
  saltLike(template: string): string {
    if (this.#sharedSalts.has(template)) return template;
    if (/^[0-9a-f]+$/.test(template)) {
      const hex = this.octets(Math.ceil(template.length / 2), "salt").toHex();
      return hex.slice(0, template.length);
    }
    const characters = [...template];
    const octets = this.octets(characters.length * 2, "salt");
    return characters.map((character, at) => replacement(character, octets, at * 2)).join("");
  }
}

const ALPHABETS = ["0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

/** A character of the same alphabet, chosen by two octets; one of no alphabet stays. */
function replacement(character: string, octets: Uint8Array, at: number): string {
  const alphabet = ALPHABETS.find((characters) => characters.includes(character));
  if (alphabet === undefined) return character;
  const number = ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
  return alphabet[number % alphabet.length] ?? character;
}

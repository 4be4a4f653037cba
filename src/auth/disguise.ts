/**
 * Disguises: what is shown to somebody who claims an authid that nobody has.
 *
 * A salt in a challenge would tell which authids exist: a known one has always the same, so an unknown
 * one has to have one too. It is made of the authid and of all that is configured, secrets included:
 * the same each time, in every worker, and not to be told from a real one.
 *
 * @module
 */

import { hkdfSync } from "node:crypto";

/** Makes credentials that nobody has and that look like those of a principal. */
export type Disguise<Principal> = (like: Principal, random: RandomLike) => Principal;

/** The disguises among one set of principals. */
export class Disguises<Principal> {
  static readonly #made = new WeakMap<object, Disguises<never>>();
  readonly #principals: Principal[];
  readonly #key: Uint8Array;

  private constructor(principals: Record<string, Principal>) {
    this.#principals = Object.values(principals);
    const all = JSON.stringify(Object.entries(principals));
    this.#key = new Bun.CryptoHasher("sha256").update(all).digest();
  }

  /** The disguises among these principals; made once, as there can be many. */
  static of<Principal>(principals: Record<string, Principal>): Disguises<Principal> {
    const made = Disguises.#made.get(principals) as Disguises<Principal> | undefined;
    if (made !== undefined) return made;
    const disguises = new Disguises(principals);
    Disguises.#made.set(principals, disguises as Disguises<never>);
    return disguises;
  }

  /** Disguises an authid as one of the principals; undefined: there are none. */
  put(disguise: Disguise<Principal>, authid: string): Principal | undefined {
    const random = new RandomLike(this.#key, authid);
    const place = Buffer.from(random.octets(6, "which")).readUIntBE(0, 6);
    const like = this.#principals[place % this.#principals.length];
    return like === undefined ? undefined : disguise(like, random);
  }
}

/** Octets and texts that look random, and are the same each time for one authid and one purpose. */
export class RandomLike {
  readonly #key: Uint8Array;
  readonly #authid: string;

  constructor(key: Uint8Array, authid: string) {
    this.#key = key;
    this.#authid = authid;
  }

  /** This many octets (at most 8160). */
  octets(count: number, purpose: string): Uint8Array {
    return new Uint8Array(hkdfSync("sha256", this.#key, this.#authid, purpose, count));
  }

  /** As many hex digits as `like` has. */
  hexLike(like: string, purpose: string): string {
    return this.octets(Math.ceil(like.length / 2), purpose)
      .toHex()
      .slice(0, like.length);
  }

  /** A text of the same length, with letters where `like` has letters, and digits where digits. */
  textLike(like: string, purpose: string): string {
    if (/^[0-9a-f]+$/.test(like)) return this.hexLike(like, purpose);
    const characters = [...like];
    const octets = this.octets(characters.length * 2, purpose);
    return characters.map((character, at) => this.#another(character, octets, at * 2)).join("");
  }

  #another(character: string, octets: Uint8Array, at: number): string {
    const kind = KINDS.find((characters) => characters.includes(character));
    if (kind === undefined) return character;
    const number = ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0);
    return kind[number % kind.length] ?? character;
  }
}

const KINDS = ["0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"];

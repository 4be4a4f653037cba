/**
 * Disguises: what is shown to somebody who claims an authid that nobody has.
 *
 * A salt in a challenge would tell which authids exist: a known one has always the same, so an unknown
 * one has to have one too. It is made of the authid and of a key that all workers of the node have: the
 * same each time, and not to be told from a real one. Nothing of the configuration goes into it, for
 * whoever is challenged could try out secrets until one makes the salt that he was shown.
 *
 * @module
 */

import { hkdfSync } from "node:crypto";

/** Makes credentials that nobody has and that look like those of a principal. */
export type MakeDecoy<Principal> = (like: Principal, random: DecoyRandom) => Principal;

/** Without a worker's start, as in a test, nobody else has to have the same. */
let key: Uint8Array = crypto.getRandomValues(new Uint8Array(32));

/** Sets the key of all disguises of this process; nobody outside the node may know it. */
export function useDecoyKey(hex: string): void {
  key = Uint8Array.fromHex(hex);
}

/** The disguises among one set of principals. */
export class DecoyPrincipals<Principal> {
  static readonly #made = new WeakMap<object, DecoyPrincipals<never>>();
  readonly #principals: Principal[];
  readonly #sharedSalts: ReadonlySet<unknown>;

  private constructor(principals: Record<string, Principal>) {
    this.#principals = Object.values(principals);
    const seen = new Set<unknown>();
    const salts = this.#principals.map((one) => (one as { salt?: unknown }).salt);
    this.#sharedSalts = new Set(salts.filter((salt) => seen.size === seen.add(salt).size));
  }

  /** The disguises among these principals; made once, as there can be many. */
  static of<Principal>(principals: Record<string, Principal>): DecoyPrincipals<Principal> {
    const made = DecoyPrincipals.#made.get(principals) as DecoyPrincipals<Principal> | undefined;
    if (made !== undefined) return made;
    const decoys = new DecoyPrincipals(principals);
    DecoyPrincipals.#made.set(principals, decoys as DecoyPrincipals<never>);
    return decoys;
  }

  /** Disguises an authid as one of the principals; undefined: there are none. */
  decoyFor(make: MakeDecoy<Principal>, authid: string): Principal | undefined {
    const random = new DecoyRandom(authid, this.#sharedSalts);
    const place = Buffer.from(random.octets(6, "which")).readUIntBE(0, 6);
    const like = this.#principals[place % this.#principals.length];
    return like === undefined ? undefined : make(like, random);
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
   * Another salt of the same length, with letters where `like` has letters, and digits where digits. One
   * that several principals have is kept, or else it would tell who is one of them.
   */
  saltLike(like: string): string {
    if (this.#sharedSalts.has(like)) return like;
    const characters = [...like];
    if (/^[0-9a-f]+$/.test(like)) {
      const hex = this.octets(Math.ceil(like.length / 2), "salt").toHex();
      return hex.slice(0, like.length);
    }
    const octets = this.octets(characters.length * 2, "salt");
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

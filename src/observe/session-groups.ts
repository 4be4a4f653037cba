/**
 * SessionGroups: the joined sessions of one worker by realm, role, transport and serializer.
 *
 * Realms and roles may be named by clients or routers, so there is a most of groups; sessions of further ones are
 * counted together. An empty group is given up, and another one can have its place.
 *
 * @module
 */

import { shorten } from "#base/printable.ts";

/** Longest name that is kept, in characters. */
const MOST_OF_NAME = 200;

/** Most groups that are told apart. */
export const MAX_GROUPS = 200;

/** The name of all that is not told apart. */
const OTHER = "other";

/** What sessions of a group have in common; null: the router has not said which. */
export interface GroupNames {
  readonly realm: string | null;
  readonly authrole: string | null;
  readonly transport: string;
  readonly serializer: string;
}

/** The sessions of one group. */
export interface SessionGroup extends GroupNames {
  sessions: number;
}

/** The groups of one worker. */
export class SessionGroups {
  readonly #groups = new Map<string, SessionGroup>();
  readonly #others: SessionGroup = {
    realm: OTHER,
    authrole: OTHER,
    transport: OTHER,
    serializer: OTHER,
    sessions: 0,
  };

  /** Counts a session that has joined; the result is for `left`. */
  joined({ realm, authrole, transport, serializer }: GroupNames): SessionGroup {
    const names = {
      realm: realm && shorten(realm, MOST_OF_NAME),
      authrole: authrole && shorten(authrole, MOST_OF_NAME),
      transport,
      serializer,
    };
    const key = keyOf(names);
    let group = this.#groups.get(key);
    if (group === undefined) {
      if (this.#groups.size >= MAX_GROUPS) group = this.#others;
      else {
        group = { ...names, sessions: 0 };
        this.#groups.set(key, group);
      }
    }
    group.sessions += 1;
    return group;
  }

  /** A joined session is over. */
  left(group: SessionGroup): void {
    group.sessions -= 1;
    if (group.sessions === 0 && group !== this.#others) this.#groups.delete(keyOf(group));
  }

  /** The groups at this moment. */
  figures(): SessionGroup[] {
    const others = this.#others.sessions === 0 ? [] : [this.#others];
    return [...this.#groups.values(), ...others].map((group) => ({ ...group }));
  }
}

function keyOf({ realm, authrole, transport, serializer }: GroupNames): string {
  return JSON.stringify([realm, authrole, transport, serializer]);
}

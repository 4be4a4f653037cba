/**
 * SharedSessions: the sessions that a realm has on its other workers, as its meta API shows and ends them.
 *
 *     s.<member>.<id>    who the session is
 *
 * A worker tells all others of its sessions by meta events of its own. Only of those of a worker that is gone, and perhaps
 * comes back, nobody else tells the subscribers of this one.
 *
 * @module
 */

import { isRecord } from "#base/record.ts";
import type { ClusterObserver } from "#router/cluster-links.ts";
import type { Kill, ListedSession, RealmSession, RevokedKind } from "#router/realm-session.ts";
import type { ClusterTable } from "./cluster-table.ts";
import { PeerKind, type PeerMessages } from "./peer-messages.ts";

const KIND = "s";

/** Most members of which it is known that their sessions were taken for gone. */
const MAX_MOURNED = 100;

type OtherSessionsObserver = Pick<ClusterObserver, "reappeared" | "vanished">;

/** The sessions of one realm on other workers. */
export class SharedSessions {
  readonly #table: ClusterTable;
  readonly #peers: PeerMessages;
  readonly #others = new Map<number, ListedSession>();
  /** Members whose sessions were taken for gone, the first one first. */
  readonly #mourned = new Set<string>();

  /** `own` are the sessions of this worker. */
  constructor(
    table: ClusterTable,
    peers: PeerMessages,
    own: ReadonlyMap<number, RealmSession>,
    observer: OtherSessionsObserver,
  ) {
    this.#table = table;
    this.#peers = peers;
    table.on(KIND, (member, rest, entry) => {
      const id = Number(rest);
      if (entry === undefined) this.#remove(member, id, observer);
      else this.#set(member, id, entry.value, observer);
    });
    table.observe({ gone: (member) => this.#mourn(member) });
    peers.on(PeerKind.kill, (_, [id, kill]) => {
      const session = typeof id === "number" ? own.get(id) : undefined;
      if (isKill(kill)) session?.kill(kill);
    });
  }

  /** Those of other workers, by their ids. */
  get others(): ReadonlyMap<number, ListedSession> {
    return this.#others;
  }

  /** A session of this worker has joined. */
  joined(session: RealmSession): void {
    const { id, identity } = session;
    const { authid, authrole, authmethod, authprovider } = identity;
    const value = { authid, authrole, authmethod, authprovider, transport: session.transport() };
    this.#table.keep(KIND, String(id), value);
  }

  /** A session of this worker has left. */
  left({ id }: RealmSession): void {
    this.#table.drop(KIND, String(id));
  }

  #set(member: string, id: number, value: unknown, observer: OtherSessionsObserver): void {
    // Its own are in the table, too.
    if (member === this.#table.member || this.#others.has(id)) return;
    const known = readSession(id, value);
    if (known === undefined) return;
    const session = {
      ...known,
      kill: (kill: Kill) => this.#peers.send(member, PeerKind.kill, [id, kill]),
      revoke: (kind: RevokedKind, pattern: number, reason: string | undefined) =>
        this.#peers.send(member, PeerKind.revoke, [kind, pattern, id, reason ?? null]),
    };
    this.#others.set(id, session);
    if (this.#mourned.has(member)) observer.reappeared(session);
  }

  #remove(member: string, id: number, observer: OtherSessionsObserver): void {
    const session = this.#others.get(id);
    if (session === undefined) return;
    this.#others.delete(id);
    if (!this.#table.isPresent(member)) observer.vanished(session);
  }

  #mourn(member: string): void {
    this.#mourned.add(member);
    const [first = member] = this.#mourned;
    if (this.#mourned.size > MAX_MOURNED) this.#mourned.delete(first);
  }
}

function readSession(
  id: number,
  value: unknown,
): Omit<ListedSession, "kill" | "revoke"> | undefined {
  if (!isRecord(value)) return undefined;
  const { authid, authrole, authmethod, authprovider, transport } = value;
  if (typeof authid !== "string" || typeof authrole !== "string") return undefined;
  const identity = {
    authid,
    authrole,
    authmethod: textOrNull(authmethod),
    authprovider: textOrNull(authprovider),
  };
  return { id, identity, transport: () => transport };
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function isKill(value: unknown): value is Kill {
  return isRecord(value) && typeof value["reason"] === "string";
}

/**
 * ClientSession: the joined session of a client of the router worker, as its realm uses it. It has methods rather than
 * functions of its own, of which ten thousand sessions would have as many copies.
 *
 * @module
 */

import type { SessionIdentity } from "#auth/session-identity.ts";
import { printTransport } from "#auth/transport-details.ts";
import type { Logger } from "#observe/logger.ts";
import type { Peer, WireMessage } from "#wamp/peer.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import type { ClientFeatures } from "./client-features.ts";
import { LeftOutMessages } from "./left-out-messages.ts";
import type { Kill, RealmSession } from "./realm-session.ts";
import type { Role } from "./role.ts";

/** The connection of a client, which may have one session after the other. */
export interface ClientConnection {
  readonly peer: Peer;
  readonly log: Logger;
  /** Sends a message of the realm. */
  send(message: WireMessage): void;
  /** Ends the session, and closes the connection. */
  goodbye(reasonUri: string): void;
  /** The same, because another session asks for it. */
  kill(kill: Kill): void;
  /** Stops reading the client, until `resume` is called as often. */
  pause(): void;
  resume(): void;
}

/** What joined. */
interface Joined extends Pick<RealmSession, "id" | "identity" | "role" | "features"> {
  /** The transport details as its proxy states them; undefined: its own. */
  readonly transport: unknown;
}

/** Shared by all sessions without any. */
const NO_EXTRA: Record<string, unknown> = Object.freeze({});

/** One session. */
export class ClientSession implements RealmSession {
  readonly id: number;
  readonly identity: SessionIdentity;
  readonly role: Role;
  readonly features: ClientFeatures;
  readonly serializer: SerializerName;
  readonly maxSendOctets: number;
  lastInvocation = 0;
  onCallEnded: (() => void) | undefined = undefined;
  readonly #connection: ClientConnection;
  readonly #stated: unknown;
  /** Undefined: none was left out, as in most sessions. */
  #leftOut: LeftOutMessages | undefined = undefined;

  constructor(connection: ClientConnection, joined: Joined) {
    const { id, identity, role, features, transport } = joined;
    this.id = id;
    const hasExtra = Object.keys(identity.authextra).length > 0;
    this.identity = hasExtra ? identity : { ...identity, authextra: NO_EXTRA };
    this.role = role;
    this.features = features;
    this.serializer = connection.peer.serializer;
    this.maxSendOctets = connection.peer.maxSendOctets;
    this.#connection = connection;
    this.#stated = transport;
  }

  get leftOut(): LeftOutMessages {
    this.#leftOut ??= new LeftOutMessages(this.#connection.log, {
      peer: this.#connection.peer.details.peer,
      session: this.id,
      realm: this.identity.realm,
      authid: this.identity.authid,
    });
    return this.#leftOut;
  }

  transport(): unknown {
    return this.#stated ?? printTransport(this.#connection.peer.details);
  }

  pause(): void {
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
  }

  send(message: WireMessage): void {
    this.#connection.send(message);
  }

  goodbye(reasonUri: string): void {
    this.#connection.goodbye(reasonUri);
  }

  kill(kill: Kill): void {
    this.#connection.kill(kill);
  }

  /** Logs what was left out: the session is over. */
  over(): void {
    this.#leftOut?.sessionOver();
  }
}

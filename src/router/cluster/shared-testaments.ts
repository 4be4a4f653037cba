/**
 * SharedTestaments: the testaments of a realm in the table, for the case that their worker is lost: one of the others, which
 * is the first to remove them there, publishes them.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { asRecord, isRecord } from "#base/record.ts";
import type { Logger } from "#observe/logger.ts";
import type { SharedTestament } from "#router/cluster-links.ts";
import type { RealmSession } from "#router/realm-session.ts";
import type { PublishRequest } from "#router/requests.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { MessageType } from "#wamp/message-type.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";
import { RevisionMismatch } from "./cluster-engine.ts";
import { type ClusterTable, TESTAMENTS } from "./cluster-table.ts";

/** Most octets of the testaments of one session, as they are written: a message of NATS has 1 MiB. */
const MAX_OCTETS = 700 * 1024;

/** A session whose worker is lost. */
export interface LostSession {
  readonly id: number;
  readonly authid: string;
  readonly authrole: string;
}

/** What the testaments need of their realm. */
export interface SharedTestamentsParts {
  readonly table: ClusterTable;
  readonly log: Logger;
  /** Publishes a testament of a session that is lost. */
  publish(session: LostSession, testament: SharedTestament): void;
  /** Another worker has published the testaments of a session of this one. */
  taken(session: number): void;
}

/** The testaments of one realm. */
export class SharedTestaments {
  readonly #parts: SharedTestamentsParts;

  constructor(parts: SharedTestamentsParts) {
    this.#parts = parts;
    const { table } = parts;
    table.on(TESTAMENTS, (member, session, entry) => {
      if (entry !== undefined) return;
      if (member === table.member) parts.taken(Number(session));
      else if (!table.isPresent(member)) void this.#take(member, session);
    });
  }

  /**
   * Keeps those of a session, in the order in which they are to be published; none: it has no more.
   *
   * @throws Failure (`wamp.error.unavailable`) when they are too long.
   */
  set({ id, identity }: RealmSession, testaments: readonly SharedTestament[]): void {
    const { table } = this.#parts;
    if (testaments.length === 0) table.drop(TESTAMENTS, String(id));
    else {
      const { authid, authrole } = identity;
      const value = { authid, authrole, testaments: testaments.map(write) };
      if (Buffer.byteLength(JSON.stringify(value)) > MAX_OCTETS) throw tooLong();
      table.keep(TESTAMENTS, String(id), value);
    }
  }

  async #take(member: string, session: string): Promise<void> {
    try {
      const entry = await this.#parts.table.take(TESTAMENTS, member, session);
      const { authid, authrole, testaments } = asRecord(entry?.value);
      const lost = { id: Number(session), authid: String(authid), authrole: String(authrole) };
      for (const one of Array.isArray(testaments) ? testaments : []) {
        const testament = read(one);
        if (testament !== undefined) this.#parts.publish(lost, testament);
      }
    } catch (thrown) {
      // Another worker was the first.
      if (thrown instanceof RevisionMismatch) return;
      if (!(thrown instanceof Failure)) throw thrown;
      this.#parts.log.warn("testament not published", { session, reason: sentenceOf(thrown) });
    }
  }
}

function tooLong(): Failure {
  const state = "those of the session would be too long for the other workers";
  return new Failure(`Cannot add the testament: ${state}`, {
    source: "client",
    uri: ErrorUri.unavailable,
  });
}

function write({ request, discloses }: SharedTestament): unknown {
  const { uri, options, payload } = request;
  const items = payload.items.map((item) => Buffer.from(item).toString("base64"));
  return { uri, options: writable(options), serializer: payload.serializer, items, discloses };
}

/** JSON has no integers of this length, and no session such an id: 0 is none either. */
function writable(options: PublishRequest["options"]): PublishRequest["options"] {
  const { exclude, eligible, ...rest } = options;
  const ids = (list: readonly (number | bigint)[]) =>
    list.map((id) => (typeof id === "bigint" ? 0 : id));
  return {
    ...rest,
    ...(exclude && { exclude: ids(exclude) }),
    ...(eligible && { eligible: ids(eligible) }),
  };
}

function read(value: unknown): SharedTestament | undefined {
  if (!isRecord(value) || !Array.isArray(value["items"])) return undefined;
  const items = value["items"].map((item) => new Uint8Array(Buffer.from(String(item), "base64")));
  const request: PublishRequest = {
    type: MessageType.PUBLISH,
    id: 0,
    action: "publish",
    options: value["options"] as PublishRequest["options"],
    uri: String(value["uri"]),
    match: "exact",
    payload: { serializer: value["serializer"] as SerializerName, items },
  };
  return { request, discloses: value["discloses"] === true };
}

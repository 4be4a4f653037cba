/**
 * SessionLog: the log lines of one client's session, and what it adds to the counts of its worker.
 *
 * @module
 */

import { sentenceOf } from "#base/failure.ts";
import { asRecord } from "#base/record.ts";
import type { LogFields, Logger } from "#observe/logger.ts";
import type { SessionCounts } from "#observe/session-counts.ts";
import type { Side } from "#proxy/relay/back-pressure.ts";
import type { Undeliverable } from "#proxy/relay/undeliverable.ts";
import type { Backend } from "#proxy/routing/backend.ts";
import type { BackendSession } from "#proxy/routing/backend-session.ts";
import { askedFields, secondsSince } from "#session/session-fields.ts";
import { endOfUri, SessionRecord } from "#session/session-record.ts";
import type { Peer, WireMessage } from "#wamp/peer.ts";
import { decodeMessage } from "#wamp/serializer/message-values.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import type { Refusal } from "./end-reasons.ts";

/** Writes the lines of one client, each with the client's address. */
export class SessionLog {
  readonly #log: Logger;
  readonly #counts: SessionCounts;
  readonly #client: Pick<Peer, "details">;
  readonly record: SessionRecord;
  /** Undefined: its end is not logged. */
  #joined: JoinedFacts | undefined;
  #leftOut = 0;
  #ignored = 0;

  constructor(log: Logger, counts: SessionCounts, client: Pick<Peer, "details">) {
    this.#log = log;
    this.#counts = counts;
    this.#client = client;
    this.record = new SessionRecord(counts);
  }

  get #peer(): string {
    return this.#client.details.peer;
  }

  /** `identity` goes before what the WELCOME of the router says. */
  joined(welcome: WireMessage, { peer: router, backend }: JoinedRouter, identity: LogFields): void {
    // A WELCOME takes longer to read than to forward: it is read for the log, or where it alone names realm and role.
    const isRead = !this.#log.omitsInfo || identity["realm"] === undefined;
    const fields = isRead ? { ...welcomeFields(welcome, router), ...identity } : identity;
    this.record.joined(
      {
        session: numberOrNull(fields["session"]),
        realm: textOrNull(fields["realm"]),
        authid: textOrNull(fields["authid"]),
        authrole: textOrNull(fields["authrole"]),
        authmethod: textOrNull(fields["authmethod"]),
      },
      this.#client,
      backend.name,
    );
    if (this.#log.omitsInfo) return;
    const { peer, type, serializer } = this.#client.details;
    this.#log.info("session joined", { peer, transport: type, serializer, ...fields });
    const { session, realm, authid } = fields;
    this.#joined = { fields: { session, realm, authid }, at: performance.now(), reason: null };
  }

  /** The session ends with this URI, in the log and in the record; the first reason of each counts. */
  endsWith(uri: string): void {
    this.ends(uri);
    this.record.ends(endOfUri(uri));
  }

  /** The session ends for this reason, if it has joined; the first one counts. */
  ends(reason: string): void {
    if (this.#joined !== undefined) this.#joined.reason ??= reason;
  }

  refused({ by, reason }: Pick<Refusal, "by" | "reason">): void {
    const refused = { peer: this.#peer, ...askedFields(this.record.hello), reason };
    if (by === "client") this.#log.info("client refused", refused);
    else if (by === "router") this.#log.warn("router failed", { reason });
    else if (by === "configuration") this.#log.warn("client refused", refused);
    else this.#log.error("session failed", { peer: this.#peer, stack: reason });
  }

  routerRefused(thrown: unknown): void {
    this.#log.warn("router message refused", { peer: this.#peer, reason: sentenceOf(thrown) });
  }

  /** The client was sent the router's ABORT. `reason` is left out where it may repeat a client's secret. */
  refusedByRouter(connection: string, uri: unknown, reason?: string): void {
    const fields = {
      peer: this.#peer,
      ...askedFields(this.record.hello),
      connection,
      uri: String(uri),
    };
    this.#log.info("client refused by its router", reason ? { ...fields, reason } : fields);
  }

  stalled(side: Side): void {
    const stalled = this.#counts.stalled(side);
    this.#log.warn(`session closed: the ${side} did not read`, { peer: this.#peer, stalled });
  }

  leftOut(side: Side, { uri, sentence }: Undeliverable): void {
    this.#counts.leftOut += 1;
    this.#leftOut += 1;
    // One line for each session; `sessionOver` logs how many there were.
    if (this.#leftOut > 1) return;
    this.#log.warn("message left out", { peer: this.#peer, towards: side, uri, sentence });
  }

  /** Counts a message that arrived when its session was ending or had ended. */
  ignored(): void {
    this.#counts.late += 1;
    this.#ignored += 1;
  }

  /** A joined session is over; the client may join again on its connection. */
  sessionOver(): void {
    this.record.sessionOver();
    if (this.#joined !== undefined) {
      this.#log.info("session left", { peer: this.#peer, ...leftFields(this.#joined) });
    }
    this.#joined = undefined;
    if (this.#leftOut > 1) {
      this.#log.warn("messages left out", { peer: this.#peer, messages: this.#leftOut });
    }
    this.#leftOut = 0;
  }

  connectionClosed(reason: string): void {
    this.#log.debug("client connection closed", { peer: this.#peer, reason, late: this.#ignored });
  }
}

/** The router of a session, and the connection to it. */
type JoinedRouter = Pick<BackendSession, "peer"> & { backend: Pick<Backend, "name"> };

/** A session whose end is to be logged. */
interface JoinedFacts {
  fields: LogFields;
  at: number;
  reason: string | null;
}

function leftFields({ fields, at, reason }: JoinedFacts): LogFields {
  return { ...fields, reason, seconds: secondsSince(at) };
}

function numberOrNull(value: LogFields[string]): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}

function textOrNull(value: LogFields[string]): string | null {
  return typeof value === "string" ? value : null;
}

/** The fields for the log of a WELCOME; a WELCOME that was only forwarded may be unreadable. */
export function welcomeFields(message: WireMessage, router: Peer): LogFields {
  try {
    const [, session, rawDetails] = decodeMessage(message, router.serializer);
    const details = asRecord(rawDetails);
    const text = (name: string) => {
      const value = details[name];
      return typeof value === "string" ? value : undefined;
    };
    return {
      session: Number(session),
      realm: text("realm"),
      authid: text("authid"),
      authrole: text("authrole"),
      authmethod: text("authmethod"),
    };
  } catch (thrown) {
    if (thrown instanceof MalformedMessage) return {};
    throw thrown;
  }
}

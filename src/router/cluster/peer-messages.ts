/**
 * PeerMessages: messages from one member of a realm to another, or to all others.
 *
 *     [kind, member that sends it, …]
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { takeOctets } from "#base/octet-ownership.ts";
import type { Logger } from "#observe/logger.ts";
import { decodeMessage, encodeMessage } from "#wamp/serializer/message-values.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import type { ClusterEngine } from "./cluster-engine.ts";

/** What a message is for. */
export const PeerKind = {
  /** An event that is retained: `[…, time, publication, topic, details, lists, serializer, items]`. */
  retain: 1,
  /** A member asks for all retained events. */
  askRetained: 2,
  /** Those of PeerCalls. */
  invoke: 10,
  call: 11,
  interrupt: 12,
  answer: 13,
  returned: 14,
  /** A session of the receiver is to end: `[…, id, {reason, message, forgetsLogin}]`. */
  kill: 20,
  /** It is to lose a subscription or a registration: `[…, kind, id, session, reason]`. */
  revoke: 21,
  /** Those of PeerQuestions. */
  ask: 22,
  found: 23,
} as const;

/** A kind of message. */
export type PeerKindCode = (typeof PeerKind)[keyof typeof PeerKind];

/** Handles what comes behind the member that sends it. */
export type PeerHandler = (from: string, message: unknown[]) => void;

/** The messages of one member. */
export class PeerMessages {
  readonly #engine: ClusterEngine;
  readonly #root: string;
  readonly #member: string;
  readonly #log: Logger;
  readonly #handlers = new Map<unknown, PeerHandler>();
  readonly #stop: (() => void)[];

  /** `root` is what the subjects of the realm begin with. */
  constructor(engine: ClusterEngine, root: string, member: string, log: Logger) {
    this.#engine = engine;
    this.#root = root;
    this.#member = member;
    this.#log = log;
    const receive = (octets: Uint8Array) => this.#receive(octets);
    this.#stop = [
      engine.subscribe(`${root}.w.${member}`, receive),
      engine.subscribe(`${root}.all`, receive),
    ];
  }

  on(kind: PeerKindCode, handler: PeerHandler): void {
    this.#handlers.set(kind, handler);
  }

  /** @throws Failure (`wamp.error.unavailable`). */
  send(member: string, kind: PeerKindCode, list: readonly unknown[]): void {
    this.#publish(`${this.#root}.w.${member}`, kind, list);
  }

  /** @throws Failure (`wamp.error.unavailable`). */
  sendAll(kind: PeerKindCode, list: readonly unknown[]): void {
    this.#publish(`${this.#root}.all`, kind, list);
  }

  close(): void {
    for (const stop of this.#stop) stop();
  }

  #publish(subject: string, kind: PeerKindCode, list: readonly unknown[]): void {
    this.#engine.publish(subject, encodeMessage([kind, this.#member, ...list], "cbor"));
  }

  #receive(octets: Uint8Array): void {
    try {
      const [kind, from, ...list] = decodeMessage(takeOctets(octets), "cbor");
      // What a newer program sends, and this one does not know, is not for it.
      if (typeof from === "string") this.#handlers.get(kind)?.(from, list);
    } catch (thrown) {
      // Of an answer that cannot be sent, its receiver learns with the loss of this member.
      if (!(thrown instanceof MalformedMessage) && !(thrown instanceof Failure)) throw thrown;
      this.#log.warn("cluster message not read", { reason: thrown.message });
    }
  }
}

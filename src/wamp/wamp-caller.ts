/**
 * WampCaller: calls, publications and subscriptions of the program itself, for example for an HTTP bridge.
 *
 * Arguments and results stay octets, because JavaScript values cannot represent all of them.
 *
 * @module
 */

import type { CancelSignal } from "#base/cancellation.ts";
import { Failure } from "#base/failure.ts";
import type { TopicMatch } from "#base/topic-pattern.ts";
import { ErrorUri } from "./error-uri.ts";
import type { Payload } from "./transcode/payload-slice.ts";

/** A client that a Web service has authenticated, and in whose name it acts. */
export interface WampPrincipal {
  authid: string;
  authmethod: string;
  authprovider: string;
}

/** One CALL or PUBLISH. */
export interface WampRequest {
  kind: "call" | "publish";
  realm: string;
  /** The authrole that calls or publishes. */
  role: string;
  /** Undefined: the worker acts in its own name. */
  principal?: WampPrincipal | undefined;
  /** The procedure or the topic. */
  uri: string;
  options: Readonly<Record<string, unknown>>;
  /** Arguments and keyword arguments; at most two items. */
  payload: Payload;
  /** Aborted when the answer is no longer needed. */
  signal: CancelSignal;
}

/** The outcome; the receiver may keep the octets of the payload. */
export type WampAnswer =
  | { kind: "result"; payload: Payload }
  | { kind: "published"; publication: number }
  | { kind: "error"; uri: string; payload: Payload };

/** A topic, or a pattern of topics. */
export interface TopicPattern {
  topic: string;
  match: TopicMatch;
}

/** One event; its receiver may keep it. */
export interface TopicEvent {
  /** The id of its publication. */
  publication: number;
  topic: string;
  payload: Payload;
}

/** Receives the events of one topic. */
export interface TopicReceiver {
  onEvent(event: TopicEvent): void;
  /** No event follows: the session is lost. */
  onEnd(reason: string): void;
}

/** One SUBSCRIBE. */
export interface WampSubscription {
  realm: string;
  /** The authrole that subscribes. */
  role: string;
  /** Undefined: the worker acts in its own name. */
  principal?: WampPrincipal | undefined;
  pattern: TopicPattern;
  receiver: TopicReceiver;
}

/** A subscription that the router has taken. */
export interface OpenSubscription {
  /** Ends it for its receiver. */
  leave(): void;
  /**
   * Asks the router for the last events that it keeps of this subscription, in the session that has it.
   *
   * @throws all that `WampCaller.request` throws.
   */
  keptEvents(most: number, signal: AbortSignal): Promise<WampAnswer>;
}

/** A router has answered SUBSCRIBE with an ERROR. */
export class RefusedSubscription extends Error {
  /** The URI of the ERROR. */
  readonly uri: string;

  constructor(uri: string) {
    super(`Cannot subscribe: the router answers ${uri}`);
    this.uri = uri;
  }
}

/** A request was sent to a router, and its answer is lost: it may have been carried out. */
export class LostAnswer extends Failure {}

/** Whether a request failed because its realm has no such role. */
export function lacksRole(thrown: unknown): boolean {
  return thrown instanceof Failure && thrown.uri === ErrorUri.noSuchRole;
}

/** The connection of a worker to its realms, to call, publish and subscribe there. */
export interface WampCaller {
  /**
   * Calls, or publishes with an acknowledgement.
   *
   * @throws Failure when no router can be reached, or the realm has no such role; LostAnswer, which is one, when its connection is lost
   * before the answer; UnrepresentableValue when its serializer cannot represent a value of the payload; the signal's reason when aborted.
   */
  request(request: WampRequest): Promise<WampAnswer>;
  /**
   * Subscribes. Receivers of one topic share a subscription.
   *
   * @throws RefusedSubscription when the router refuses; Failure when none can be reached, or the realm has no
   * such role.
   */
  subscribe(subscription: WampSubscription): Promise<OpenSubscription>;
}

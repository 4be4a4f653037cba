/**
 * WampCaller: calls and publications that the program itself sends, for example for an HTTP bridge.
 *
 * Arguments and results stay octets, because JavaScript values cannot represent all of them.
 *
 * @module
 */

import type { Payload } from "./transcode/payload-slice.ts";

/** One CALL or PUBLISH. */
export interface WampRequest {
  kind: "call" | "publish";
  realm: string;
  /** The authrole that calls or publishes. */
  role: string;
  /** The procedure or the topic. */
  uri: string;
  options: Readonly<Record<string, unknown>>;
  /** Arguments and keyword arguments; at most two items. */
  payload: Payload;
  /** Aborted when the answer is no longer needed. */
  signal: AbortSignal;
}

/** The outcome; the receiver may keep the octets of the payload. */
export type WampAnswer =
  | { kind: "result"; payload: Payload }
  | { kind: "published"; publication: number }
  | { kind: "error"; uri: string; payload: Payload };

/** The connection of a worker to its realms, to call and publish there. */
export interface WampCaller {
  /**
   * Calls, or publishes with an acknowledgement.
   *
   * @throws Failure when no router can be reached or its connection is lost; UnrepresentableValue
   * when its serializer cannot represent a value of the payload; the signal's reason when aborted.
   */
  request(request: WampRequest): Promise<WampAnswer>;
}

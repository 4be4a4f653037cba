/**
 * WampCaller: calls and publications of the program's own, for somebody who is no WAMP client.
 *
 * Arguments and results are octets from end to end, so that nothing becomes a JavaScript value that
 * cannot hold it.
 *
 * @module
 */

import type { Payload } from "./transcode/payload-slice.ts";

/** One CALL or PUBLISH. */
export interface WampRequest {
  kind: "call" | "publish";
  realm: string;
  /** The role to do it as. */
  role: string;
  /** The procedure or the topic. */
  uri: string;
  options: Readonly<Record<string, unknown>>;
  /** Arguments and keyword arguments; at most two items. */
  payload: Payload;
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
}

/** What became of it; the octets of the payload are the receiver's own. */
export type WampAnswer =
  | { kind: "result"; payload: Payload }
  | { kind: "published"; publication: number }
  | { kind: "error"; uri: string; payload: Payload };

/** Where a worker calls and publishes. */
export interface WampCaller {
  /**
   * Calls, or publishes with an acknowledgement.
   *
   * @throws Failure when there is no way to a router, or none any more; UntellableValue when its
   * serializer has no word for a value of the payload; the signal's reason when it is aborted.
   */
  request(request: WampRequest): Promise<WampAnswer>;
}

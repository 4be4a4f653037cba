/**
 * The states of a long-poll transport, and what happens in each at every request of the client, at every act of its
 * session, and with time.
 *
 *     open -> idle <-> polled -> closing -> closed
 *
 * In `polled` a receive waits for a message. In `closing` the session has ended, and what it has sent last waits for
 * the client. The table is the same as that of docs/longpoll.md, which explains the actions.
 *
 * @module
 */

/** The states of a transport. */
export type LongPollState = "idle" | "polled" | "closing" | "closed";

/** What may happen to a transport. */
export const LONG_POLL_EVENTS = [
  "receive",
  "send",
  "close",
  "message",
  "session ends",
  "receive is late",
  "client is late",
  "answer is lost",
] as const;

/** One of them. */
export type LongPollEvent = (typeof LONG_POLL_EVENTS)[number];

/** What is done then. */
export type LongPollAction =
  | "wait"
  | "replace"
  | "rest"
  | "take"
  | "end"
  | "gone"
  | "queue"
  | "answer"
  | "drop"
  | "linger"
  | "tell"
  | "empty"
  | "lose"
  | "none";

// biome-ignore format: a table
/** Actions in the order of `LONG_POLL_EVENTS`. */
export const LONG_POLL_ACTIONS: Record<LongPollState, readonly LongPollAction[]> = {
  idle:    ["wait",    "take", "end",  "queue",  "linger", "none",  "lose", "lose"],
  polled:  ["replace", "take", "end",  "answer", "tell",   "empty", "none", "lose"],
  closing: ["rest",    "gone", "end",  "drop",   "none",   "none",  "lose", "none"],
  closed:  ["gone",    "gone", "gone", "drop",   "none",   "none",  "none", "none"],
};

/** The action in a state. */
export function longPollAction(state: LongPollState, event: LongPollEvent): LongPollAction {
  return LONG_POLL_ACTIONS[state][LONG_POLL_EVENTS.indexOf(event)] ?? "none";
}

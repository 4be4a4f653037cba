/**
 * The events that the runner reports, one JSON object a line.
 *
 * @module
 */

import * as v from "valibot";

const id = v.string();
const reason = v.nullable(v.string());

const runnerEvent = v.variant("event", [
  v.object({ event: v.literal("started"), python: v.string(), autobahn: v.string() }),
  v.object({ event: v.literal("unusable"), reason: v.string() }),
  v.object({ event: v.literal("loaded"), id, framework: v.string() }),
  v.object({ event: v.literal("other-framework"), id }),
  v.object({
    event: v.literal("joined"),
    id,
    realm: v.string(),
    session: v.number(),
    authid: v.nullable(v.string()),
    authrole: v.nullable(v.string()),
  }),
  v.object({ event: v.literal("ready"), id }),
  v.object({
    event: v.literal("failed"),
    id,
    step: v.picklist(["load", "create", "connect", "onConnect", "onJoin", "onLeave"]),
    reason: v.string(),
    /** File and line of the component's code; empty where there is none. */
    place: v.string(),
    traceback: v.string(),
    /** Python's module search path. */
    path: v.array(v.string()),
    /** Whether the session stays joined all the same, as that of a router's component does. */
    stays_joined: v.boolean(),
  }),
  v.object({
    event: v.literal("left"),
    id,
    reason,
    message: reason,
    had_joined: v.boolean(),
    was_lost: v.boolean(),
  }),
  v.object({ event: v.literal("lost"), id, had_joined: v.boolean(), was_clean: v.boolean() }),
  /** `value` is JSON in a text. */
  v.object({ event: v.literal("returned"), call: v.number(), value: v.string() }),
  v.object({
    event: v.literal("raised"),
    call: v.number(),
    /** Of an ApplicationError, with its first argument; null: another exception. */
    uri: v.nullable(v.string()),
    message: v.nullable(v.string()),
    reason: v.string(),
    place: v.string(),
  }),
  v.object({ event: v.literal("canceled"), call: v.number() }),
]);

/** One event of the runner. */
export type RunnerEvent = v.InferOutput<typeof runnerEvent>;

/** An event of one component, or of an authenticator. */
export type ComponentEvent = Extract<RunnerEvent, { id: string }>;

/** The one event of a call. */
export type CallEvent = Extract<RunnerEvent, { call: number }>;

/** The event of a line; undefined: the line is none. */
export function parseRunnerEvent(line: string): RunnerEvent | undefined {
  try {
    const result = v.safeParse(runnerEvent, JSON.parse(line));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}

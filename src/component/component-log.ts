/**
 * The records that the events of components and authenticators leave in the node's log. A component's `extra`
 * and an authenticator's `config` are in none.
 *
 * @module
 */

import type { LogFields, Logger } from "#observe/logger.ts";
import type { ComponentEvent } from "./runner-event.ts";

/** What a process runs, as the log and its sentences name it. */
export type RunnableKind = "component" | "authenticator";

/** Logs an event of a component or an authenticator. */
export function logComponentEvent(log: Logger, kind: RunnableKind, event: ComponentEvent): void {
  const { id } = event;
  if (event.event === "joined") {
    const { realm, session, authid, authrole } = event;
    log.info(`${kind} joined`, { id, realm, session, authid, authrole });
  } else if (event.event === "ready") {
    log.info(`${kind} ready`, { id });
  } else if (event.event === "failed") {
    logFailure(log, kind, event);
  } else if (event.event === "left") {
    log.info("component left", { id, reason: event.reason, message: event.message });
  } else if (event.event === "lost") {
    log.warn("component lost its connection", { id, joined: event.had_joined });
  }
}

function logFailure(
  log: Logger,
  kind: RunnableKind,
  event: Extract<ComponentEvent, { event: "failed" }>,
): void {
  const { id, step, reason, place, path } = event;
  const fields: LogFields = { id, step, reason, place: place || undefined };
  if (step === "load") fields["path"] = path.join(":");
  if (event.stays_joined) fields["stays_joined"] = true;
  log.error(`${kind} failed`, fields);
  // An unreachable router has no place in the component's code.
  if (step === "connect") return;
  for (const line of event.traceback.trimEnd().split("\n")) log.error(line);
}

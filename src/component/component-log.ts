/**
 * The records that the events of components leave in the node's log. A component's `extra` is in none.
 *
 * @module
 */

import type { LogFields, Logger } from "#observe/logger.ts";
import type { ComponentEvent } from "./runner-event.ts";

/** Logs an event of a component. */
export function logComponentEvent(log: Logger, event: ComponentEvent): void {
  const { id } = event;
  if (event.event === "joined") {
    const { realm, session, authid, authrole } = event;
    log.info("component joined", { id, realm, session, authid, authrole });
  } else if (event.event === "ready") {
    log.info("component ready", { id });
  } else if (event.event === "failed") {
    logFailure(log, event);
  } else if (event.event === "left") {
    log.info("component left", { id, reason: event.reason, message: event.message });
  } else if (event.event === "lost") {
    log.warn("component lost its connection", { id, joined: event.had_joined });
  }
}

function logFailure(log: Logger, event: Extract<ComponentEvent, { event: "failed" }>): void {
  const { id, step, reason, place, path } = event;
  const fields: LogFields = { id, step, reason, place: place || undefined };
  if (step === "load") fields["path"] = path.join(":");
  if (event.stays_joined) fields["stays_joined"] = true;
  log.error("component failed", fields);
  // An unreachable router has no place in the component's code.
  if (step === "connect") return;
  for (const line of event.traceback.trimEnd().split("\n")) log.error(line);
}

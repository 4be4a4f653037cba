/**
 * The choice of the callee of a call, among those of a registration (WAMP specification, section "Shared
 * Registration").
 *
 *     single, first    the first callee         roundrobin      each in turn
 *     last             the last one             random          any of them
 *                                               least_loaded    the one with the fewest pending invocations
 *
 * A callee is passed over if its role may not have the procedure. One that performs as many invocations as its
 * `concurrency` says is passed over on the right; on the left it is busy, as in Crossbar.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import type { Endpoint, Registration } from "./registration-map.ts";

/** The failure of a call whose callees perform as many as they may. */
export class Busy extends Failure {
  readonly registration: Registration;

  constructor(procedure: string, registration: Registration) {
    const state = "its callees perform as many calls as their concurrency says";
    super(`Cannot call "${procedure}": ${state}`, {
      source: "client",
      uri: ErrorUri.maxConcurrencyReached,
    });
    this.registration = registration;
  }
}

/** Chooses a callee; "busy": every one that may be called performs as much as it can; undefined: none may be called. */
export function chooseCallee(
  registration: Registration,
  procedure: string,
): Endpoint | "busy" | undefined {
  const { callees, invoke } = registration;
  const count = callees.length;
  const step = invoke === "last" ? count - 1 : 1;
  let chosen: Endpoint | "busy" | undefined;
  for (
    let tried = 0, at = firstTried(registration);
    tried < count;
    tried++, at = (at + step) % count
  ) {
    const callee = callees[at];
    if (callee === undefined || !mayHave(callee, registration, procedure)) continue;
    if (isBusy(callee)) {
      if (!isShared(registration)) return "busy";
      chosen ??= "busy";
      continue;
    }
    if (invoke !== "least_loaded") return callee;
    if (typeof chosen !== "object" || callee.pending < chosen.pending) chosen = callee;
  }
  return chosen;
}

function firstTried({ callees: { length }, invoke, turn }: Registration): number {
  switch (invoke) {
    case "single":
    case "first":
      return 0;
    case "last":
      return length - 1;
    case "roundrobin":
    case "least_loaded":
      return turn % length;
    case "random":
      return Math.floor(Math.random() * length);
  }
}

/** Whether the load is shared among the callees. */
export function isShared({ invoke }: Pick<Registration, "invoke">): boolean {
  return invoke === "roundrobin" || invoke === "random" || invoke === "least_loaded";
}

/** A pattern may match procedures that the role of its callee may not register. */
function mayHave({ session }: Endpoint, { match }: Registration, procedure: string): boolean {
  return match === "exact"
    ? session.role.permitsExact("register", procedure)
    : session.role.permitsMatch("register", procedure);
}

/** Whether a callee performs as many invocations as it may. */
export function isBusy({ concurrency, pending }: Endpoint): boolean {
  return concurrency !== undefined && pending >= concurrency;
}

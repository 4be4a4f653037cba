/**
 * Options and checks of requests that the broker and the dealer share.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { ErrorUri } from "#wamp/error-uri.ts";
import { type Dict, violation } from "./incoming.ts";
import type { InvokePolicy } from "./registration-map.ts";
import type { MatchPolicy } from "./uri-match.ts";

const MATCHES: readonly unknown[] = ["exact", "prefix", "wildcard"] satisfies MatchPolicy[];
const INVOKES: readonly unknown[] = [
  "single",
  "first",
  "last",
  "roundrobin",
  "random",
] satisfies InvokePolicy[];

/** The option `match`. */
export function matchOption(options: Dict): MatchPolicy {
  const match = options["match"] ?? "exact";
  if (!MATCHES.includes(match)) throw violation("Cannot read options: match is no match policy");
  return match as MatchPolicy;
}

/** The option `invoke`. */
export function invokeOption(options: Dict): InvokePolicy {
  const invoke = options["invoke"] ?? "single";
  if (!INVOKES.includes(invoke)) {
    throw violation("Cannot read options: invoke is no invocation policy");
  }
  return invoke as InvokePolicy;
}

/** Refuses to publish or register a URI that is reserved for the router. */
export function refuseReserved(action: string, uri: string): void {
  if (uri !== "wamp" && !uri.startsWith("wamp.")) return;
  throw new Failure(`Cannot ${action} "${uri}": URIs that begin with wamp. are the router's`, {
    source: "client",
    uri: ErrorUri.invalidUri,
  });
}

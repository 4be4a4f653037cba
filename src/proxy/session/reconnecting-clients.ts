/**
 * Which clients take every GOODBYE and ABORT for a farewell, and never come back by themselves.
 *
 * WAMP tells a client of the end of its session by GOODBYE, with a reason such as
 * `wamp.close.system_shutdown`. Two widespread libraries stop reconnecting at it, whatever the reason,
 * and reconnect when their connection is closed without one. They are recognized by what they say of
 * themselves in HELLO, as they send it in the releases that this repository tests with; whoever says
 * anything else is taken at WAMP's word.
 *
 * @module
 */

import { asRecord } from "#base/record.ts";

/** What Autobahn for JavaScript announces; it names no `agent`. */
const AUTOBAHN_JS_ROLES = {
  caller: {
    features: {
      caller_identification: true,
      call_canceling: true,
      progressive_call_results: true,
    },
  },
  callee: {
    features: {
      caller_identification: true,
      pattern_based_registration: true,
      shared_registration: true,
      progressive_call_results: true,
      registration_revocation: true,
    },
  },
  publisher: {
    features: {
      publisher_identification: true,
      subscriber_blackwhite_listing: true,
      publisher_exclusion: true,
    },
  },
  subscriber: {
    features: {
      publisher_identification: true,
      pattern_based_subscription: true,
      subscription_revocation: true,
    },
  },
};

/** Whether the client that said this HELLO comes back only if its connection is merely closed. */
export function reconnectsOnlyAfterBareClose(hello: readonly unknown[]): boolean {
  const { agent, roles } = asRecord(hello[2]);
  if (typeof agent === "string") return agent.startsWith("Wampy.js ");
  return agent === undefined && Bun.deepEquals(roles, AUTOBAHN_JS_ROLES);
}

/**
 * Recognizes clients that do not reconnect by themselves after a GOODBYE or ABORT.
 *
 * WAMP ends a session with GOODBYE and a reason such as `wamp.close.system_shutdown`. Two widespread
 * libraries stop reconnecting at every GOODBYE, but reconnect when their connection is closed without
 * one. They are recognized by the HELLO of the releases that this repository tests with; all other
 * clients get WAMP's GOODBYE.
 *
 * @module
 */

import { asRecord } from "#base/record.ts";

/** The roles in the HELLO of Autobahn for JavaScript, which has no `agent`. */
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

/** Whether the client with this HELLO reconnects only if its connection is closed without GOODBYE or ABORT. */
export function reconnectsOnlyAfterBareClose(hello: readonly unknown[]): boolean {
  const { agent, roles } = asRecord(hello[2]);
  if (typeof agent === "string") return agent.startsWith("Wampy.js ");
  return agent === undefined && Bun.deepEquals(roles, AUTOBAHN_JS_ROLES);
}

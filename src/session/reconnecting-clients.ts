/**
 * Recognizes, by their HELLO, clients that stay away, or come back, where WAMP intends the opposite.
 *
 * WAMP ends a session with GOODBYE and a reason such as `wamp.close.system_shutdown`. Some libraries
 * reconnect only when their connection is closed without one, and one joins again after its own GOODBYE
 * unless the answer has a certain reason. All other clients get WAMP's messages. docs/sessions.md says
 * what is known of each library.
 *
 * @module
 */

import { asRecord } from "#base/record.ts";

/** What a client's library needs in order to reconnect when it should, and only then. */
export interface ClientNeeds {
  /** It reconnects only if its connection is closed without GOODBYE, or ABORT at a join. */
  bareClose: boolean;
  /** An ABORT in a joined session ends it too; others reconnect then. */
  noAbort: boolean;
  /** It joins again after its own GOODBYE unless the answer has the reason `wamp.close.normal`. */
  normalClose: boolean;
}

/** What clients need that behave as WAMP intends. */
export const NO_NEEDS: ClientNeeds = { bareClose: false, noAbort: false, normalClose: false };

/** The roles in the HELLO of Autobahn for JavaScript, which has no `agent`; since 0.9. */
const AUTOBAHN_JS_ROLES = {
  caller: {
    features: {
      caller_identification: true,
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

/** The same since 18.10. */
const LATER_AUTOBAHN_JS_ROLES = {
  ...AUTOBAHN_JS_ROLES,
  caller: { features: { ...AUTOBAHN_JS_ROLES.caller.features, call_canceling: true } },
};

/** What the client with this HELLO needs. */
export function clientNeeds(hello: readonly unknown[]): ClientNeeds {
  const { agent, roles } = asRecord(hello[2]);
  if (typeof agent === "string") {
    if (agent.startsWith("Wampy.js ")) return { ...NO_NEEDS, bareClose: true };
    if (agent.startsWith("Jawampa-")) return { ...NO_NEEDS, bareClose: true, noAbort: true };
    return NO_NEEDS;
  }
  if (isAutobahnJs(roles)) return { ...NO_NEEDS, bareClose: true };
  return isAutobahnPython(roles) ? { ...NO_NEEDS, normalClose: true } : NO_NEEDS;
}

function isAutobahnJs(roles: unknown): boolean {
  return [AUTOBAHN_JS_ROLES, LATER_AUTOBAHN_JS_ROLES].some((known) => Bun.deepEquals(roles, known));
}

/** Whether a role has a feature that Autobahn for Python alone announces, and that is not WAMP's. */
function isAutobahnPython(roles: unknown): boolean {
  return Object.values(asRecord(roles)).some(
    (role) => asRecord(asRecord(role)["features"])["payload_encryption_cryptobox"] === true,
  );
}

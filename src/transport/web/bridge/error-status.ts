/**
 * Statuses of HTTP for ERRORs of WAMP, for paths with `error_status_codes`.
 *
 * (WAMP specification, section "Predefined URIs"; RFC 9110, section 15.)
 *
 * @module
 */

const STATUSES: ReadonlyMap<string, number> = new Map([
  ["wamp.error.invalid_uri", 400],
  ["wamp.error.invalid_argument", 400],
  ["wamp.error.invalid_payload", 400],
  ["wamp.error.type_check_error", 400],
  ["wamp.error.option_not_allowed", 400],
  ["wamp.error.not_authorized", 403],
  ["wamp.error.no_such_procedure", 404],
  ["wamp.error.no_such_registration", 404],
  ["wamp.error.no_such_subscription", 404],
  ["wamp.error.no_such_session", 404],
  ["wamp.error.payload_size_exceeded", 413],
  ["wamp.error.feature_not_supported", 501],
  // A router says so when the callee leaves during the call: the server behind this one gives no answer.
  ["wamp.error.canceled", 502],
  ["wamp.error.network_failure", 502],
  ["wamp.error.unavailable", 503],
  ["wamp.error.no_available_callee", 503],
  ["wamp.error.no_eligible_callee", 503],
  ["crossbar.error.max_concurrency_reached", 503],
  ["wamp.error.timeout", 504],
]);

/** Of every other error, also of those that a procedure has defined: the bridge cannot know their cause. */
const OTHER_ERROR = 500;

/** The status of an answer with this ERROR. */
export function statusOfError(uri: string): number {
  return STATUSES.get(uri) ?? OTHER_ERROR;
}

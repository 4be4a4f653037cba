/**
 * WAMP error and close reason URIs (WAMP specification, section "Predefined URIs").
 *
 * @module
 */

/** URIs that crossproxy itself sends. */
export const ErrorUri = {
  invalidUri: "wamp.error.invalid_uri",
  noSuchProcedure: "wamp.error.no_such_procedure",
  procedureAlreadyExists: "wamp.error.procedure_already_exists",
  procedureExistsWithDifferentInvocationPolicy:
    "wamp.error.procedure_exists_with_different_invocation_policy",
  noSuchRegistration: "wamp.error.no_such_registration",
  noSuchSubscription: "wamp.error.no_such_subscription",
  invalidArgument: "wamp.error.invalid_argument",
  systemShutdown: "wamp.close.system_shutdown",
  normal: "wamp.close.normal",
  closeRealm: "wamp.close.close_realm",
  logout: "wamp.close.logout",
  goodbyeAndOut: "wamp.close.goodbye_and_out",
  protocolViolation: "wamp.error.protocol_violation",
  notAuthorized: "wamp.error.not_authorized",
  authorizationFailed: "wamp.error.authorization_failed",
  authenticationFailed: "wamp.error.authentication_failed",
  authenticationDenied: "wamp.error.authentication_denied",
  noSuchRealm: "wamp.error.no_such_realm",
  noSuchRole: "wamp.error.no_such_role",
  noSuchPrincipal: "wamp.error.no_such_principal",
  noAuthMethod: "wamp.error.no_auth_method",
  canceled: "wamp.error.canceled",
  noSuchSession: "wamp.error.no_such_session",
  internalError: "wamp.error.internal_error",
  timeout: "wamp.error.timeout",
  networkFailure: "wamp.error.network_failure",
  unavailable: "wamp.error.unavailable",
  featureNotSupported: "wamp.error.feature_not_supported",
  invalidReason: "wamp.error.invalid_reason",
  historyUnavailable: "wamp.error.history_unavailable",
  testamentError: "wamp.error.testament_error",
  maxConcurrencyReached: "crossbar.error.max_concurrency_reached",
  payloadSizeExceeded: "wamp.error.payload_size_exceeded",
  clientStalled: "crossproxy.close.client_stalled",
  routerStalled: "crossproxy.close.router_stalled",
  messageTimeout: "crossproxy.close.message_timeout",
  overloaded: "crossproxy.close.overloaded",
  connectionAge: "crossproxy.close.connection_age",
  tokenExpired: "crossproxy.close.token_expired",
} as const;

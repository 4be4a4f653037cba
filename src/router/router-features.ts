/**
 * The roles and features that the router announces in WELCOME.
 *
 * @module
 */

/** WELCOME.Details.roles. */
export const ROUTER_ROLES = rolesOf(true);

/** The same of a realm without meta API, which has no event history and no testaments either. */
export const ROUTER_ROLES_WITHOUT_META_API = rolesOf(false);

function rolesOf(hasMetaApi: boolean) {
  return {
    broker: {
      features: {
        publisher_identification: true,
        publisher_exclusion: true,
        subscriber_blackwhite_listing: true,
        pattern_based_subscription: true,
        event_retention: true,
        subscription_revocation: true,
        payload_passthru_mode: true,
        payload_transparency: true,
        ...(hasMetaApi && {
          session_meta_api: true,
          subscription_meta_api: true,
          event_history: true,
        }),
      },
    },
    dealer: {
      features: {
        caller_identification: true,
        progressive_call_results: true,
        progressive_call_invocations: true,
        call_canceling: true,
        call_cancelling: true,
        call_timeout: true,
        pattern_based_registration: true,
        shared_registration: true,
        registration_revocation: true,
        payload_passthru_mode: true,
        payload_transparency: true,
        ...(hasMetaApi && {
          session_meta_api: true,
          registration_meta_api: true,
          testament_meta_api: true,
        }),
      },
    },
  };
}

/**
 * The features that a client announces in HELLO, as far as the router acts on them (WAMP specification, section
 * "Client: Role and Feature Announcement").
 *
 * @module
 */

/** The features of one client. */
export interface ClientFeatures {
  /** As a callee: it is sent INTERRUPT. */
  readonly callCanceling: boolean;
  /** As a callee: it ends calls by itself whose timeout it is told. */
  readonly callTimeout: boolean;
  /** As a callee: it takes calls that come in several messages, and can be told that no more follow. */
  readonly takesProgress: boolean;
  /** As a callee: it may be told that a registration has ended. */
  readonly registrationRevocation: boolean;
  /** As a subscriber: it may be told that a subscription has ended. */
  readonly subscriptionRevocation: boolean;
  /** The roles in which it knows payload passthru mode. */
  readonly passthru: {
    readonly caller: boolean;
    readonly callee: boolean;
    readonly publisher: boolean;
  };
}

/** By their values: clients that announce the same share one object. */
const known = new Map<string, ClientFeatures>();

/** A client that announced none. */
export const NO_FEATURES: ClientFeatures = clientFeatures({});

/** Reads the features out of the roles of HELLO. */
export function clientFeatures(roles: Record<string, unknown>): ClientFeatures {
  const features = readFeatures(roles);
  const key = JSON.stringify(features);
  const shared = known.get(key) ?? features;
  known.set(key, shared);
  return shared;
}

function readFeatures(roles: Record<string, unknown>): ClientFeatures {
  const has = (role: string, feature: string) => announces(roles, role, feature);
  const callCanceling = has("callee", "call_canceling") || has("callee", "call_cancelling");
  return {
    callCanceling,
    callTimeout: has("callee", "call_timeout"),
    takesProgress: callCanceling && has("callee", "progressive_call_invocations"),
    registrationRevocation: has("callee", "registration_revocation"),
    subscriptionRevocation: has("subscriber", "subscription_revocation"),
    passthru: {
      caller: has("caller", "payload_passthru_mode"),
      callee: has("callee", "payload_passthru_mode"),
      publisher: has("publisher", "payload_passthru_mode"),
    },
  };
}

function announces(roles: Record<string, unknown>, role: string, feature: string): boolean {
  const announced = roles[role] as { features?: Record<string, unknown> } | null | undefined;
  return announced?.features?.[feature] === true;
}

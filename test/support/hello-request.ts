/** A HELLO as authmethods read it. */

import type { AuthContext, AuthOutcome, HelloRequest } from "#auth/pending-auth.ts";
import { neverCanceled, noAuthenticators } from "./no-authenticators.ts";

/** What every authmethod is handed. */
export const authContext: AuthContext = {
  pendingSession: 1234,
  request: helloRequest(),
  askable: noAuthenticators,
  signal: neverCanceled,
};

/** A HELLO over TCP, with what a test wants to be different. */
export function helloRequest(said: Partial<HelloRequest> = {}): HelloRequest {
  return {
    realm: "realm1",
    authmethods: [],
    authid: "alice",
    authrole: undefined,
    authextra: {},
    transport: {
      peer: "tcp4:127.0.0.1:49816",
      type: "websocket",
      serializer: "json",
      isSecure: false,
      isUnixSocket: false,
    },
    ...said,
  };
}

/** The `extra` of a challenge. */
export function challengeOf(outcome: AuthOutcome): Record<string, unknown> {
  if (outcome.kind !== "challenge") throw new Error(`expected a challenge: ${outcome.kind}`);
  return outcome.extra;
}

/** The answer to whoever does not prove who he is. */
export const denied = (authmethod: string) => ({
  kind: "deny" as const,
  uri: "wamp.error.authentication_denied",
  message: `Cannot authenticate with ${authmethod}: authid or proof is not valid`,
});

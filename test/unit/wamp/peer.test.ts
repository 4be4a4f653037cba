import { expect, test } from "bun:test";
import { CloseCode } from "#wamp/peer.ts";

test("close codes are those of RFC 6455, and 1012 and 1013 of the registry", () => {
  expect(CloseCode).toEqual({
    normal: 1000,
    goingAway: 1001,
    protocolError: 1002,
    unsupportedData: 1003,
    none: 1005,
    abnormal: 1006,
    policyViolation: 1008,
    messageTooBig: 1009,
    internalError: 1011,
    serviceRestart: 1012,
    tryAgainLater: 1013,
  });
});

import { describe, expect, test } from "bun:test";
import { CloseCode, isLongerThan } from "#wamp/peer.ts";

describe("isLongerThan", () => {
  test.each([
    ["octets below the limit", new Uint8Array(9), false],
    ["octets at the limit", new Uint8Array(10), false],
    ["octets above the limit", new Uint8Array(11), true],
    ["three characters", "abc", false],
    ["ten ASCII characters", "x".repeat(10), false],
    ["eleven ASCII characters", "x".repeat(11), true],
    ["five characters of two octets", "é".repeat(5), false],
    ["six characters of two octets", "é".repeat(6), true],
    ["four characters of three octets", "€".repeat(4), true],
    ["two characters of four octets", "😀".repeat(2), false],
    ["three characters of four octets", "😀".repeat(3), true],
  ])("%s", (_name, message, isLonger) => {
    expect(isLongerThan(message, 10)).toBe(isLonger);
  });
});

test("close codes are those of RFC 6455, and 1012 and 1013 of the registry", () => {
  expect(CloseCode).toEqual({
    normal: 1000,
    goingAway: 1001,
    protocolError: 1002,
    unsupportedData: 1003,
    abnormal: 1006,
    policyViolation: 1008,
    messageTooBig: 1009,
    internalError: 1011,
    serviceRestart: 1012,
    tryAgainLater: 1013,
  });
});

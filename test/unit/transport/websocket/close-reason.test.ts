import { expect, test } from "bun:test";
import { fittingReason } from "#transport/websocket/close-reason.ts";
import { titled } from "../../../support/titles.ts";

test.each(
  titled([
    ["", ""],
    ["x".repeat(123), "x".repeat(123)],
    ["x".repeat(124), "x".repeat(123)],
    [`${"x".repeat(121)}é!`, `${"x".repeat(121)}é`],
    [`${"x".repeat(122)}é`, "x".repeat(122)],
    [`${"x".repeat(120)}😀`, "x".repeat(120)],
    ["é".repeat(100), "é".repeat(61)],
  ]),
)("fits into a close frame: %s", (_title, reason, fitting) => {
  expect(fittingReason(reason)).toBe(fitting);
  expect(Buffer.byteLength(fitting)).toBeLessThanOrEqual(123);
});

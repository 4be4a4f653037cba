import { expect, test } from "bun:test";
import { abortCloseCode } from "#wamp/abort-close-code.ts";

test.each([
  ["wamp.error.protocol_violation", 1002],
  ["wamp.error.payload_size_exceeded", 1009],
  ["wamp.error.timeout", 1008],
  ["crossproxy.close.message_timeout", 1008],
  ["crossproxy.close.overloaded", 1013],
  ["wamp.error.internal_error", 1011],
  ["wamp.close.system_shutdown", 1001],
  ["wamp.error.no_such_realm", 1000],
  ["wamp.error.authentication_failed", 1000],
  ["com.example.denied", 1000],
  [undefined, 1000],
])("behind an ABORT with the reason %s the connection is closed with %d", (reason, code) => {
  expect(abortCloseCode(reason)).toBe(code);
});

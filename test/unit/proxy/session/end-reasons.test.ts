import { describe, expect, test } from "bun:test";
import { Failure } from "#base/failure.ts";
import {
  EVENT_REASONS,
  type EventReasons,
  isRoutersFault,
  ROUTER_VIOLATION,
  refusalFor,
  routerViolation,
  violation,
} from "#proxy/session/end-reasons.ts";
import { MalformedMessage } from "#wamp/token/malformed-message.ts";
import { UnrepresentableValue } from "#wamp/token/unrepresentable-value.ts";

const byRouter = { source: "router" } as const;
const notReached = "Cannot join: no router answers";

test.each<[string, unknown, ReturnType<typeof refusalFor>]>([
  [
    "octets that are no message",
    new MalformedMessage("json", "it is empty"),
    {
      by: "client",
      uri: "wamp.error.protocol_violation",
      sentence: "Cannot read a json message: it is empty",
      code: 1002,
      reason: "Cannot read a json message: it is empty",
    },
  ],
  [
    "a value that the router's serializer lacks",
    new UnrepresentableValue("NaN"),
    {
      by: "client",
      uri: "wamp.error.invalid_argument",
      sentence: "Cannot represent NaN",
      code: 1000,
      reason: "Cannot represent NaN",
    },
  ],
  [
    "a client's failure with a URI",
    new Failure("Cannot join: no", { source: "client", uri: "wamp.error.no_such_realm" }),
    {
      by: "client",
      uri: "wamp.error.no_such_realm",
      sentence: "Cannot join: no",
      code: 1000,
      reason: "Cannot join: no",
    },
  ],
  [
    "a client's failure without one",
    new Failure("Cannot join: no", { source: "client" }),
    {
      by: "client",
      uri: "wamp.error.protocol_violation",
      sentence: "Cannot join: no",
      code: 1002,
      reason: "Cannot join: no",
    },
  ],
  [
    "a router's failure, whose sentence is for the log alone",
    new Failure("Cannot connect to 10.0.0.1: it is down", byRouter),
    {
      by: "router",
      uri: "wamp.error.network_failure",
      sentence: notReached,
      code: 1000,
      reason: "Cannot connect to 10.0.0.1: it is down",
    },
  ],
  [
    "a router's failure with a URI",
    new Failure("Cannot call: it is busy", { ...byRouter, uri: "wamp.error.unavailable" }),
    {
      by: "router",
      uri: "wamp.error.unavailable",
      sentence: notReached,
      code: 1000,
      reason: "Cannot call: it is busy",
    },
  ],
  [
    "a fault of the configuration, whose sentence is for the log alone",
    new Failure('Cannot join over connection "a": no proof', { source: "config" }),
    {
      by: "configuration",
      uri: "wamp.error.authentication_failed",
      sentence: "Cannot join: the proxy cannot vouch for its clients to the router",
      code: 1000,
      reason: 'Cannot join over connection "a": no proof',
    },
  ],
  [
    "a fault of the program, whose stack is for the log alone",
    new TypeError("x is undefined"),
    {
      by: "program",
      uri: "wamp.error.unavailable",
      sentence: "Cannot go on: internal error",
      code: 1011,
      reason: expect.stringMatching(/x is undefined\n +at /),
    },
  ],
  [
    "a failure of the program itself",
    new Failure('Cannot find connection "a": it is not configured', { source: "internal" }),
    {
      by: "program",
      uri: "wamp.error.unavailable",
      sentence: "Cannot go on: internal error",
      code: 1011,
      reason: expect.stringContaining('Cannot find connection "a"'),
    },
  ],
  [
    "what is no error",
    "thrown text",
    {
      by: "program",
      uri: "wamp.error.unavailable",
      sentence: "Cannot go on: internal error",
      code: 1011,
      reason: "thrown text",
    },
  ],
])("a client is refused for %s", (_, thrown, refusal) => {
  expect(refusalFor(thrown)).toEqual(refusal);
});

test.each<[string, unknown, boolean]>([
  ["octets that are no message", new MalformedMessage("cbor", "it is empty"), true],
  ["a failure of the router", new Failure("Cannot join: no", byRouter), true],
  ["a failure of the client", new Failure("Cannot join: no", { source: "client" }), false],
  ["a fault of the program", new TypeError("x is undefined"), false],
])("the router's fault, or not: %s", (_, thrown, isRouters) => {
  expect(isRoutersFault(thrown)).toBe(isRouters);
});

describe("a client that has not joined is told by ABORT", () => {
  test.each<[string, EventReasons, string, string]>([
    [
      "that its router is lost",
      EVENT_REASONS["router lost"],
      "wamp.error.network_failure",
      "Cannot join: the router ended the connection",
    ],
    [
      "that its router breaks the protocol",
      ROUTER_VIOLATION,
      "wamp.error.network_failure",
      "Cannot join: the router's answer makes no sense",
    ],
    [
      "that the node stops",
      EVENT_REASONS.shutdown,
      "wamp.close.system_shutdown",
      "The node shuts down",
    ],
  ])("%s", (_, { abort }, uri, sentence) => {
    expect(abort).toEqual({ uri, sentence });
  });
});

/** The close code is for clients that get the close alone. */
describe("a joined client is told by GOODBYE, or by the close", () => {
  test.each<[string, EventReasons, string, string, string, number]>([
    [
      "that its router is lost",
      EVENT_REASONS["router lost"],
      "wamp.close.system_shutdown",
      "The connection of this session to the router ended",
      "router_lost",
      1012,
    ],
    [
      "that its router does not read",
      EVENT_REASONS["router stalled"],
      "crossproxy.close.router_stalled",
      "The router did not read in time",
      "router_lost",
      1012,
    ],
    [
      "that its router breaks the protocol",
      ROUTER_VIOLATION,
      "wamp.error.protocol_violation",
      "The router sent a message that it may not send",
      "router_lost",
      1012,
    ],
    [
      "that the node stops",
      EVENT_REASONS.shutdown,
      "wamp.close.system_shutdown",
      "The node shuts down",
      "shutdown",
      1001,
    ],
  ])("%s", (_, { goodbye }, uri, sentence, kind, code) => {
    expect(goodbye).toMatchObject({ uri, sentence, kind, code });
  });
});

test("a client that waits for nothing is told by the close", () => {
  const closes = Object.values(EVENT_REASONS).flatMap(({ close }) => (close ? [close] : []));
  expect(closes).toEqual([
    { ending: { code: 1001, reason: "goodbye" } },
    {
      waiting: { code: 1001, reason: "the node shuts down" },
      left: { code: 1001, reason: "the node shuts down" },
    },
  ]);
});

describe("a message that is not allowed", () => {
  test.each([
    [1, "joined", "Cannot accept HELLO: the session is already joined"],
    [48, "waiting", "Cannot accept CALL: the session has not joined"],
    [48, "ending", "Cannot accept CALL: the session has not joined"],
    [2, "joined", "Cannot accept WELCOME: only a router may send it"],
    [4, "waiting", "Cannot accept CHALLENGE: only a router may send it"],
    [36, "joined", "Cannot accept EVENT: only a router may send it"],
    [8, "waiting", "Cannot accept ERROR: the session has not joined"],
    [7, "joined", "Cannot accept message type 7: WAMP has no such message"],
    [Number.NaN, "waiting", "Cannot accept message type NaN: WAMP has no such message"],
  ] as const)("of a client: type %d in %s", (type, state, message) => {
    const expected = { source: "client", uri: "wamp.error.protocol_violation", message };
    expect(violation(type, state)).toMatchObject(expected);
  });

  test.each([
    [48, "Cannot accept CALL: the router may not send it now"],
    [Number.NaN, "Cannot accept message: the router may not send it now"],
  ])("of a router: type %d", (type, message) => {
    expect(routerViolation(type)).toMatchObject({ ...byRouter, message });
  });
});

import { describe, expect, test } from "bun:test";
import { asRecord } from "#base/record.ts";
import { SessionCounts } from "#observe/session-counts.ts";
import { RouterSession } from "#router/router-session.ts";
import { MessageType as M } from "#wamp/message-type.ts";
import { SERIALIZER_NAMES } from "#wamp/serializer-name.ts";
import { FakePeer } from "../../support/fake-peer.ts";
import { noAuthenticators } from "../../support/no-authenticators.ts";
import { quiet } from "../../support/quiet-context.ts";
import { ask, everything, type JoinedPeer, openRouter } from "../../support/router-harness.ts";

const roles = [{ name: "anonymous", permissions: [everything] }];
const invalidArgument = "wamp.error.invalid_argument";

describe("options of another type", () => {
  const bool = ["yes", 1, []];
  const list = ["x", 5, {}, [1.5], [null]];
  const word = [1, true, "other"];
  const faults = (type: number, options: Record<string, unknown[]>) =>
    Object.entries(options).flatMap(([name, values]) =>
      values.map((value): [number, string, unknown] => [type, name, value]),
    );

  test.each([
    ...faults(M.PUBLISH, {
      exclude_me: bool,
      retain: bool,
      exclude: [...list, ["x"], [true]],
      eligible: [...list, ["x"]],
      exclude_authid: [...list, [1]],
      eligible_authid: list,
      exclude_authrole: list,
      eligible_authrole: list,
    }),
    ...faults(M.SUBSCRIBE, { match: word, get_retained: bool }),
    ...faults(M.REGISTER, {
      match: word,
      invoke: word,
      concurrency: [0, -1, 1.5, "1"],
      force_reregister: bool,
      forward_timeout: bool,
    }),
    ...faults(M.CALL, {
      receive_progress: bool,
      progress: bool,
      timeout: [-1, 1.5, "100"],
      ppt_scheme: [1, true],
    }),
  ])("are refused in message %d: %s %j", async (type, name, value) => {
    const { join } = openRouter(roles);
    const peer = await join();
    const listener = await join();
    await ask(listener, [M.SUBSCRIBE, 1, {}, "a.b"]);
    await ask(listener, [M.REGISTER, 2, {}, "a.b"]);
    const acknowledge = type === M.PUBLISH ? { acknowledge: true } : {};
    const [code, of, id, , uri, args] = await ask(peer, [
      type,
      5,
      { ...acknowledge, [name]: value },
      "a.b",
    ]);
    expect([code, of, id, uri]).toEqual([M.ERROR, type, 5, invalidArgument]);
    expect((args as string[])[0]).toContain(`option ${name}`);
    expect(listener.take()).toEqual([]);
  });

  test.each([[1], ["yes"], [[]]])(
    "%j for disclose_me disclose nothing, as in Crossbar",
    async (value) => {
      const { join } = openRouter(roles);
      const [peer, listener] = [await join(), await join()];
      await ask(listener, [M.SUBSCRIBE, 1, {}, "a.b"]);
      await ask(listener, [M.REGISTER, 2, {}, "a.b"]);
      peer.says([M.PUBLISH, 5, { disclose_me: value }, "a.b"]);
      peer.says([M.CALL, 6, { disclose_me: value }, "a.b"]);
      expect(listener.take().map((message) => [message[0], message[3]])).toEqual([
        [M.EVENT, {}],
        [M.INVOCATION, {}],
      ]);
      expect([peer.take(), peer.closed]).toEqual([[], undefined]);
    },
  );

  test.each([
    [{ acknowledge: 1 }, "acknowledge"],
    [{ acknowledge: "yes" }, "acknowledge"],
    [{ acknowledge: {}, exclude: 7 }, "acknowledge"],
  ])(
    "are refused with an ERROR where the publisher waits for an answer: %j",
    async (options, name) => {
      const { peer, listener } = await publisherAndListener();
      const [type, of, id, , uri, args] = await ask(peer, [M.PUBLISH, 3, options, "a.b"]);
      expect([type, of, id, uri]).toEqual([M.ERROR, M.PUBLISH, 3, invalidArgument]);
      expect(args).toEqual([`Cannot read PUBLISH: option ${name} is not true or false`]);
      expect([peer.closed, listener.take()]).toEqual([undefined, []]);
    },
  );

  test.each([
    { exclude: ["x"] },
    { acknowledge: false, exclude_me: 1 },
    { acknowledge: null, retain: "x" },
    { acknowledge: 0 },
    { acknowledge: "" },
  ])("are a protocol violation, as in Crossbar, where it waits for none: %j", async (options) => {
    const { peer, listener } = await publisherAndListener();
    const [type, details, uri] = await ask(peer, [M.PUBLISH, 2, options, "a.b"]);
    expect([type, uri]).toEqual([M.ABORT, "wamp.error.protocol_violation"]);
    expect(String(asRecord(details)["message"])).toStartWith("Cannot read PUBLISH: option ");
    expect([peer.closed?.code, listener.take()]).toEqual([1002, []]);
  });

  async function publisherAndListener() {
    const { join } = openRouter(roles);
    const [peer, listener] = [await join(), await join()];
    await ask(listener, [M.SUBSCRIBE, 1, {}, "a.b"]);
    return { peer, listener };
  }

  test("are absent when they are null, and others are not looked at", async () => {
    const { join } = openRouter(roles);
    const peer = await join();
    const options = { match: null, invoke: null, concurrency: null, x_other: {} };
    expect((await ask(peer, [M.REGISTER, 1, options, "a.b"]))[0]).toBe(M.REGISTERED);
    const publish = { acknowledge: true, exclude: null, exclude_me: null, x_other: 5 };
    expect((await ask(peer, [M.PUBLISH, 2, publish, "a.b"]))[0]).toBe(M.PUBLISHED);
  });

  test("do not hold up a publication for integers that are no id, which match no session", async () => {
    for (const list of ["[-1]", "[9007199254740993]", "[1152921504606846976,-1e300]"]) {
      const { peer, listener } = await publisherAndListener();
      const excluding = `[16,3,{"acknowledge":true,"exclude":${list}},"a.b"]`;
      peer.saysOctets(excluding);
      expect((await peer.next())[0]).toBe(M.PUBLISHED);
      expect(listener.take()).toHaveLength(1);
      peer.saysOctets(excluding.replace("exclude", "eligible"));
      expect((await peer.next())[0]).toBe(M.PUBLISHED);
      expect(listener.take()).toEqual([]);
    }
  });

  test("of a YIELD end the call", async () => {
    const { join } = openRouter(roles);
    const caller = await join();
    const callee = await join();
    await ask(callee, [M.REGISTER, 1, {}, "a.b"]);
    caller.says([M.CALL, 2, { receive_progress: true }, "a.b"]);
    const [, invocation] = await callee.next();
    callee.says([M.YIELD, invocation, { progress: "yes" }, [1]]);
    expect((await caller.next()).slice(0, 5)).toEqual([M.ERROR, M.CALL, 2, {}, invalidArgument]);
    expect((await callee.next())[0]).toBe(M.INTERRUPT);
    callee.says([M.YIELD, 12_345, { progress: "yes" }]);
    expect([callee.take(), callee.closed]).toEqual([[], undefined]);
  });
});

describe("elements beyond those of the message", () => {
  test.each([
    ["SUBSCRIBE", [M.SUBSCRIBE, 1, {}, "a.b", {}]],
    ["UNSUBSCRIBE", [M.UNSUBSCRIBE, 1, 2, {}, {}]],
    ["REGISTER", [M.REGISTER, 1, {}, "a.b", {}]],
    ["UNREGISTER", [M.UNREGISTER, 1, 2, {}, {}]],
    ["CANCEL", [M.CANCEL, 1, {}, {}]],
    ["CALL", [M.CALL, 1, {}, "a.b", [], {}, {}]],
  ])("end the session, as in Crossbar: %s", async (name, message) => {
    const peer = await openRouter(roles).join();
    const [type, details, uri] = await ask(peer, message);
    expect([type, uri]).toEqual([M.ABORT, "wamp.error.protocol_violation"]);
    const last = message.length - 1;
    const sentence = `Cannot read ${name}: element ${last} is more than the message has`;
    expect(details).toEqual({ message: sentence });
  });

  test("are not the options that Crossbar takes in UNSUBSCRIBE and UNREGISTER", async () => {
    const peer = await openRouter(roles).join();
    const [, , subscription] = await ask(peer, [M.SUBSCRIBE, 1, {}, "a.b"]);
    expect(await ask(peer, [M.UNSUBSCRIBE, 2, subscription, {}])).toEqual([M.UNSUBSCRIBED, 2]);
    const [, , registration] = await ask(peer, [M.REGISTER, 3, {}, "a.b"]);
    expect(await ask(peer, [M.UNREGISTER, 4, registration, {}])).toEqual([M.UNREGISTERED, 4]);
  });
});

describe("null in place of the arguments", () => {
  const NULL_ALONE: unknown[] = [null];
  test.each([
    ["none", NULL_ALONE, []],
    ["an empty list before keyword arguments", [null, { k: 1 }], [[], { k: 1 }]],
  ])("is %s, in CALL, YIELD, ERROR and PUBLISH", async (_, said, got) => {
    const { join } = openRouter(roles);
    for (const serializer of SERIALIZER_NAMES) {
      const caller = await join({ serializer });
      const callee = await join({ serializer: "cbor" });
      const [, , registration] = await ask(callee, [M.REGISTER, 1, {}, "a.b"]);
      caller.says([M.CALL, 1, {}, "a.b", ...said]);
      const [, invocation, , , ...args] = await callee.next();
      callee.says([M.YIELD, invocation, {}, ...said]);
      const [, , , ...result] = await caller.next();
      caller.says([M.CALL, 2, {}, "a.b"]);
      callee.says([M.ERROR, M.INVOCATION, (await callee.next())[1], {}, "a.error", ...said]);
      const [, , , , , ...error] = await caller.next();
      await ask(callee, [M.SUBSCRIBE, 2, {}, "a.b"]);
      caller.says([M.PUBLISH, 3, {}, "a.b", ...said]);
      const [, , , , ...event] = await callee.next();
      expect([args, result, error, event]).toEqual([got, got, got, got]);
      await ask(callee, [M.UNREGISTER, 3, registration]);
      expect([caller.closed, callee.closed]).toEqual([undefined, undefined]);
    }
  });

  test("of keyword arguments ends the session, as in Crossbar", async () => {
    const peer = await openRouter(roles).join();
    expect((await ask(peer, [M.CALL, 1, {}, "a.b", [], null]))[0]).toBe(M.ABORT);
  });
});

describe("registering again", () => {
  test.each(["first", "last", "roundrobin", "random"])(
    "with invoke %s is answered with the same registration",
    async (invoke) => {
      const { join } = openRouter(roles);
      const callee = await join();
      const caller = await join();
      const [, , registration] = await ask(callee, [M.REGISTER, 1, { invoke }, "a.b"]);
      expect(await ask(callee, [M.REGISTER, 2, { invoke }, "a.b"])).toEqual([
        M.REGISTERED,
        2,
        registration,
      ]);
      caller.says([M.CALL, 3, {}, "a.b"]);
      expect(callee.take()).toHaveLength(1);
      await ask(callee, [M.UNREGISTER, 4, registration]);
      expect((await ask(caller, [M.CALL, 5, {}, "a.b"]))[4]).toBe("wamp.error.no_such_procedure");
    },
  );

  test.each([
    ["single", "roundrobin"],
    ["roundrobin", "random"],
    ["roundrobin", "single"],
  ])("is refused after %s with %s, as in Crossbar", async (first, second) => {
    const uri = `procedure_${first === "single" ? "already_exists" : "exists_with_different_invocation_policy"}`;
    const { join } = openRouter(roles);
    const callee = await join();
    await ask(callee, [M.REGISTER, 1, { invoke: first }, "a.b"]);
    const answer = await ask(callee, [M.REGISTER, 2, { invoke: second }, "a.b"]);
    expect(answer[4]).toBe(`wamp.error.${uri}`);
  });
});

describe("ids", () => {
  test.each([
    [M.PUBLISH, [null, {}, "a.b"]],
    [M.SUBSCRIBE, [null, {}, "a.b"]],
    [M.UNSUBSCRIBE, [1, null]],
    [M.CALL, [null, {}, "a.b"]],
    [M.CANCEL, [null, {}]],
    [M.REGISTER, [null, {}, "a.b"]],
    [M.UNREGISTER, [1, null]],
    [M.YIELD, [null, {}]],
    [M.RESULT, [null, {}]],
    [M.ERROR, [M.INVOCATION, null, {}, "a.b"]],
    [M.CALL, [-1, {}, "a.b"]],
    [M.CALL, [2 ** 53 + 2, {}, "a.b"]],
  ])("that are none are a protocol violation in message %d: %j", async (type, rest) => {
    for (const serializer of ["json", "msgpack", "cbor"] as const) {
      const { join } = openRouter(roles);
      const peer = await join({ serializer });
      const other = await join();
      await ask(other, [M.REGISTER, 1, {}, "a.b"]);
      expect((await ask(peer, [type, ...rest]))[2]).toBe("wamp.error.protocol_violation");
      expect(other.take()).toEqual([]);
    }
  });

  test.each(["json", "msgpack", "cbor"] as const)(
    "may be 0 in %s, as in Crossbar",
    async (serializer) => {
      const { join } = openRouter(roles);
      const peer = await join({ serializer });
      const callee = await join();
      expect((await ask(peer, [M.SUBSCRIBE, 0, {}, "a.b"])).slice(0, 2)).toEqual([M.SUBSCRIBED, 0]);
      const publish = [M.PUBLISH, 0, { acknowledge: true }, "a.b"];
      expect((await ask(peer, publish)).slice(0, 2)).toEqual([M.PUBLISHED, 0]);
      expect((await ask(peer, [M.UNSUBSCRIBE, 0, 0]))[4]).toBe("wamp.error.no_such_subscription");
      expect((await ask(peer, [M.UNREGISTER, 0, 0]))[4]).toBe("wamp.error.no_such_registration");
      expect((await ask(callee, [M.REGISTER, 0, {}, "a.b"])).slice(0, 2)).toEqual([
        M.REGISTERED,
        0,
      ]);
      peer.says([M.CALL, 0, {}, "a.b"]);
      const [, invocation] = await callee.next();
      callee.says([M.YIELD, 0, {}]);
      callee.says([M.YIELD, invocation, {}, [1]]);
      expect(await peer.next()).toEqual([M.RESULT, 0, {}, [1]]);
      peer.says([M.CALL, 0, {}, "a.b"]);
      expect((await callee.next())[0]).toBe(M.INVOCATION);
      expect((await ask(peer, [M.CANCEL, 0, {}])).slice(0, 3)).toEqual([M.ERROR, M.CALL, 0]);
    },
  );

  /** A message of the id 1 and of the type 64, by the octets between the two. */
  const written = {
    json: ["[64,", ',{},"a.b"]'],
    msgpack: ["94 40", "80 a3 612e62"],
    cbor: ["84 1840", "a0 63 612e62"],
  } as const;

  function registerAs(serializer: keyof typeof written, id: string): string | Buffer {
    const message = written[serializer].join(id);
    return serializer === "json" ? message : Buffer.from(message.replaceAll(" ", ""), "hex");
  }

  // As octets, because JSON.stringify and the writers know no float 1.0.
  test.each([
    ["json", "1", true],
    ["json", "1.0", true],
    ["json", "10e-1", true],
    ["json", "1.5", false],
    ["json", "9007199254740994.0", false],
    ["json", '"1"', false],
    ["json", "true", false],
    ["msgpack", "01", true],
    ["msgpack", "d3 0000000000000001", true],
    ["msgpack", "ca 3f800000", true],
    ["msgpack", "cb 3ff0000000000000", true],
    ["msgpack", "cb 3ff8000000000000", false],
    ["msgpack", "cb 7ff8000000000000", false],
    ["msgpack", "c3", false],
    ["cbor", "01", true],
    ["cbor", "1b 0000000000000001", true],
    ["cbor", "f9 3c00", true],
    ["cbor", "fa 3f800000", true],
    ["cbor", "fb 3ff0000000000000", true],
    ["cbor", "fb 3ff8000000000000", false],
    ["cbor", "f9 7e00", false],
    ["cbor", "f5", false],
  ] as const)(
    "are numbers by their value, an integer or a float: %s %s",
    async (serializer, id, isOne) => {
      const { join } = openRouter(roles);
      const peer = await join({ serializer });
      peer.saysOctets(registerAs(serializer, id));
      const answer = await peer.next();
      if (isOne) expect(answer.slice(0, 2)).toEqual([M.REGISTERED, 1]);
      else expect(answer[2]).toBe("wamp.error.protocol_violation");
    },
  );

  test.each([
    ["json", "-0", ",0,"],
    ["json", "-0.0", ",0,"],
    ["msgpack", "cb 8000000000000000", "934100"],
    ["cbor", "fb 8000000000000000", "83184100"],
  ] as const)("that are -0 are answered as 0: %s %s", async (serializer, id, answered) => {
    const peer = await openRouter(roles).join({ serializer });
    peer.saysOctets(registerAs(serializer, id));
    await peer.next();
    const octets = peer.wire.at(-1) ?? "";
    const answer = typeof octets === "string" ? octets : Buffer.from(octets).toString("hex");
    expect(answer).toContain(answered);
  });

  test("that are floats name subscriptions and sessions", async () => {
    const { join } = openRouter(roles);
    const [peer, other] = [await join(), await join()];
    const [, , subscription] = await ask(peer, [M.SUBSCRIBE, 1, {}, "a.b"]);
    other.saysOctets(`[16,1,{"exclude":[${peer.id}.0]},"a.b"]`);
    expect(peer.take()).toEqual([]);
    peer.saysOctets(`[34,2,${subscription}.0]`);
    expect(await peer.next()).toEqual([M.UNSUBSCRIBED, 2]);
  });

  const highest = 9_007_199_254_740_992n;
  const octets = {
    json: (message: unknown[]) => JSON.stringify(message).replace('"highest"', String(highest)),
    msgpack: (message: unknown[]) => withHighest(message, "a768696768657374", "cf"),
    cbor: (message: unknown[]) => withHighest(message, "6768696768657374", "1b"),
  };

  test.each(["json", "msgpack", "cbor"] as const)("go up to 2^53 in %s", async (serializer) => {
    const { join } = openRouter(roles);
    const peer = await join({ serializer });
    const say = async (type: number, options: object) => {
      peer.saysOctets(octets[serializer]([type, "highest", options, "a.b"]));
      const [code, id] = (await peer.next()).map((value) => String(value));
      // A float is no id for other programs, so the octets count.
      const wire = peer.wire.at(-1) ?? "";
      const written = typeof wire === "string" ? wire : Buffer.from(wire).toString("hex");
      expect(written).toContain(serializer === "json" ? String(highest) : "0020000000000000");
      return [code, id];
    };
    expect(await say(M.SUBSCRIBE, {})).toEqual([String(M.SUBSCRIBED), String(highest)]);
    expect(await say(M.REGISTER, {})).toEqual([String(M.REGISTERED), String(highest)]);
    expect(await say(M.PUBLISH, { acknowledge: true })).toEqual([
      String(M.PUBLISHED),
      String(highest),
    ]);
    const caller = await join({ serializer });
    caller.saysOctets(octets[serializer]([M.CALL, "highest", {}, "a.b"]));
    const [, invocation] = await peer.next();
    peer.says([M.YIELD, invocation, {}, [1]]);
    expect(String((await caller.next())[1])).toBe(String(highest));
  });

  /** The octets of a message, with 2^53 as an unsigned integer instead of the text "highest". */
  function withHighest(message: unknown[], text: string, prefix: string): Uint8Array {
    const { encodeMessage } = require("#wamp/serializer/message-values.ts");
    const serializer = prefix === "cf" ? "msgpack" : "cbor";
    const hex = Buffer.from(encodeMessage(message, serializer)).toString("hex");
    return Buffer.from(hex.replace(text, `${prefix}0020000000000000`), "hex");
  }

  test("of invocations and turns are not used up by a call that is too long", async () => {
    const { join } = openRouter(roles);
    const caller = await join();
    const small = await join({ maxSendOctets: 800 });
    const large = await join();
    for (const callee of [small, large]) {
      await ask(callee, [M.REGISTER, 1, { invoke: "roundrobin" }, "a.b"]);
    }
    const long = ["x".repeat(900)];
    expect((await ask(caller, [M.CALL, 1, {}, "a.b", long]))[4]).toBe(
      "wamp.error.payload_size_exceeded",
    );
    caller.says([M.CALL, 2, {}, "a.b"]);
    expect((await small.next()).slice(0, 2)).toEqual([M.INVOCATION, 1]);
    caller.says([M.CALL, 3, {}, "a.b"]);
    expect((await large.next()).slice(0, 2)).toEqual([M.INVOCATION, 1]);
  });
});

test("a callee that did not announce progressive results may send them", async () => {
  const { join } = openRouter(roles);
  const caller = await join();
  const callee = await join({ roles: { callee: {} } });
  await ask(callee, [M.REGISTER, 1, {}, "a.b"]);
  const call = async (peer: JoinedPeer, id: number, options: object) => {
    peer.says([M.CALL, id, options, "a.b"]);
    const [, invocation, , details] = await callee.next();
    callee.says([M.YIELD, invocation, { progress: true }, [1]]);
    callee.says([M.YIELD, invocation, {}, [2]]);
    return { details, results: peer.take() };
  };
  expect(await call(caller, 2, { receive_progress: true })).toEqual({
    details: { receive_progress: true },
    results: [
      [M.RESULT, 2, { progress: true }, [1]],
      [M.RESULT, 2, {}, [2]],
    ],
  });
  // As before, a caller that asked for none gets none.
  expect(await call(caller, 3, {})).toEqual({ details: {}, results: [[M.RESULT, 3, {}, [2]]] });
});

test("a direct client cannot state its transport in the session meta API", async () => {
  const { join } = openRouter(roles);
  const peer = await join({ authextra: { transport: { peer: "tcp4:1.2.3.4:5" } } });
  const [, , , [details]] = (await ask(peer, [M.CALL, 1, {}, "wamp.session.get", [peer.id]])) as [
    number,
    number,
    object,
    [Record<string, unknown>],
  ];
  expect(details["transport"]).toMatchObject({ peer: "unix:/fake", channel_type: "tcp" });
});

test("a proxy states its client's transport with any value, which meta events carry unchanged", async () => {
  const { join, realms } = openRouter(roles);
  const listener = await join();
  const onCbor = await join({ serializer: "cbor" });
  for (const one of [listener, onCbor])
    await ask(one, [M.SUBSCRIBE, 1, {}, "wamp.session.on_join"]);
  const peer = new FakePeer({ serializer: "cbor" });
  const auth = { "anonymous-proxy": { type: "static" } } as const;
  const support = { ...noAuthenticators, log: quiet, counts: new SessionCounts(), onEnd() {} };
  peer.attach(new RouterSession(peer, auth, realms, support));
  const transport = { channel_id: { "tls-unique": new Uint8Array([1, 2]) }, number: 2n ** 60n };
  const authextra = {
    proxy_realm: "realm1",
    proxy_authid: "joe",
    proxy_authrole: "anonymous",
    proxy_authextra: { transport },
  };
  peer.says([
    M.HELLO,
    "realm1",
    { roles: { caller: {} }, authmethods: ["anonymous-proxy"], authextra },
  ]);
  expect((await peer.next())[0]).toBe(M.WELCOME);
  for (const one of [listener, onCbor]) {
    const [details] = (await one.next())[4] as [{ transport: unknown }];
    expect(details.transport).toEqual(transport);
  }
});

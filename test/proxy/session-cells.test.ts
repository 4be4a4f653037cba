/**
 * Every cell of the tables of session-states.ts, between real sockets: a session is brought into each
 * state, is sent each kind of message and meets each event, and both ends are looked at.
 */

import { describe, expect, test } from "bun:test";
import type { SessionConfig } from "#config/options/session-config.ts";
import {
  AT_EVENT,
  CLIENT_MESSAGES,
  CLOCKS,
  type ClientAction,
  EVENTS,
  type EventAction,
  FROM_CLIENT,
  FROM_ROUTER,
  ROUTER_MESSAGES,
  type RouterAction,
  type SessionState,
} from "#proxy/session/session-states.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { fakeTime } from "../support/fake-time.ts";
import type { ScriptedClient } from "../support/scripted-client.ts";
import type { RouterSide } from "../support/scripted-router.ts";
import {
  type HarnessOptions,
  type SilentSide,
  sessionHarness,
  TRANSPORTS,
} from "../support/session-harness.ts";

type Harness = Awaited<ReturnType<typeof sessionHarness>>;

const HELLO = [1, "realm1", { roles: { caller: {} } }];
const GOODBYE = [6, {}, "wamp.close.normal"];
const ANSWER = [6, {}, "wamp.close.goodbye_and_out"];
const KILLED = [6, { message: "bye" }, "wamp.close.killed"];

/** Messages of a client, by kind; there are several `foreign` ones. */
const CLIENT_SAYS: Record<(typeof CLIENT_MESSAGES)[number], unknown[][]> = {
  HELLO: [HELLO],
  AUTHENTICATE: [[5, "secret1", {}]],
  GOODBYE: [GOODBYE],
  ABORT: [[3, {}, "wamp.error.abort"]],
  routed: [[48, 1, {}, "com.example.procedure"]],
  foreign: [
    [2, 7, {}],
    [4, "ticket", {}],
    [0, 1],
    [99, 1],
    ["unreadable"],
    // Messages of routers alone.
    [17, 1, 2],
    [33, 1, 2],
    [35, 1],
    [36, 1, 2, {}],
    [50, 1, {}],
    [65, 1, 2],
    [67, 1],
    [68, 1, 2, {}],
    [69, 1, {}],
  ],
};

const ROUTER_SAYS: Record<(typeof ROUTER_MESSAGES)[number], unknown[][]> = {
  WELCOME: [[2, 7, { roles: {} }]],
  CHALLENGE: [[4, "ticket", {}]],
  GOODBYE: [KILLED],
  ABORT: [[3, { message: "no" }, "wamp.error.not_authorized"]],
  routed: [[36, 1, 2, {}, ["an event"]]],
  foreign: [
    [1, "realm1", { roles: { caller: {} } }],
    [5, "x", {}],
    [0, 1],
    [99, 1],
    ["unreadable"],
    // Messages of clients alone.
    [16, 1, {}, "com.example.topic"],
    [32, 1, {}, "com.example.topic"],
    [34, 1, 2],
    [48, 1, {}, "com.example.procedure"],
    [49, 1, {}],
    [64, 1, {}, "com.example.procedure"],
    [66, 1, 2],
    [70, 1, {}],
  ],
};

const ticket: SessionConfig["auth"] = {
  ticket: { type: "static", principals: { joe: { ticket: "secret1", role: "user" } } },
};

/** A session in its state, and what is at its ends. */
interface Scene {
  harness: Harness;
  client: ScriptedClient;
  router: RouterSide | undefined;
  /** The connection of a router that has not answered the handshake. */
  opening: SilentSide | undefined;
  /** What goes before the client's next message, in the same write, for a state that passes by. */
  before: unknown[][];
  /** Set where the clock stands still. */
  passDeadlines?: () => void;
}

/** Brings a session into a state. */
async function reach(
  state: SessionState,
  transport: (typeof TRANSPORTS)[number],
  options: HarnessOptions,
): Promise<Scene> {
  const harness = await sessionHarness(options);
  const client = await harness.connect(transport);
  const scene: Scene = { harness, client, router: undefined, opening: undefined, before: [] };
  if (state === "waiting") return scene;
  if (state === "authenticating") return { ...scene, before: [HELLO] };
  if (state === "closed") return { ...scene, before: [[2, 7, {}]] };
  if (state === "challenged") {
    client.says([1, "realm1", { authmethods: ["ticket"], authid: "joe", roles: { caller: {} } }]);
    expect(await client.next()).toEqual([4, "ticket", {}]);
    return scene;
  }
  if (state === "connecting") {
    client.says([1, "silent", { roles: { caller: {} } }]);
    const opening = await harness.silent.connection();
    return { ...scene, opening };
  }
  client.says(HELLO);
  const router = await harness.router.session();
  expect((await router.next())[0]).toBe(1);
  if (state === "joining") return { ...scene, router };
  router.says([2, 7, { roles: {} }]);
  expect((await client.next())?.[0]).toBe(2);
  if (state === "leaving" || state === "rejoining" || state === "left") {
    client.says(GOODBYE, ...(state === "rejoining" ? [HELLO] : []));
    expect(await router.next()).toEqual(GOODBYE);
    if (state !== "left") return { ...scene, router };
    router.says(ANSWER);
    expect(await client.next()).toEqual(ANSWER);
    return scene;
  } else if (state === "ending") {
    router.says(KILLED);
    expect(await client.next()).toEqual(KILLED);
    expect(await router.next()).toEqual(ANSWER);
  }
  return { ...scene, router };
}

/** The harness that can reach a state, and in which its messages have a meaning. */
function optionsFor(state: SessionState, message: string): HarnessOptions {
  if (state === "challenged") return { auth: ticket };
  const isPassedThrough = state === "joining" && /AUTHENTICATE|CHALLENGE/.test(message);
  return isPassedThrough ? { auth: "passthrough" } : {};
}

/** The client is sent this, and then the connection ends with the code. */
async function endsWith({ client }: Scene, code: number, ...messages: unknown[][]) {
  expect(await client.rest()).toEqual(messages);
  const isWebSocket = client.serializer === "json";
  expect(await client.closed).toBe(isWebSocket ? code : null);
}

const violation = [3, { message: expect.stringMatching(/^Cannot |^not /) }, expect.anything()];

/** The router's end of the session: a joined session sends one GOODBYE, and the connection ends in any case. */
async function routerIsLeft({ router, opening }: Scene, state: SessionState) {
  await opening?.closed;
  if (router === undefined) return;
  if (state === "ending") await router.closed.promise;
  else if (state === "joining") expect(await router.rest()).toEqual([]);
  else expect((await router.rest()).map(([type]) => type)).toEqual([6]);
}

/** A client that received its GOODBYE may send HELLO; if it has sent one already, it joins. */
async function joinsAgain({ harness, client }: Scene, state: SessionState) {
  if (state !== "rejoining") client.says(HELLO);
  const router = await harness.router.session();
  await router.welcome(8);
  expect((await client.next())?.slice(0, 2)).toEqual([2, 8]);
}

/** The message with which a client ends its session, or its attempt to join. */
function endOf(state: SessionState): unknown[] {
  return state === "joined" || state === "ending" ? ANSWER : [3, {}, "wamp.close.close_realm"];
}

const clientChecks: Record<
  ClientAction,
  (scene: Scene, state: SessionState, message: unknown[]) => Promise<void>
> = {
  async begin({ harness, client }) {
    const router = await harness.router.session();
    await router.welcome(8);
    expect((await client.next())?.slice(0, 2)).toEqual([2, 8]);
  },
  async authenticate({ harness, router }) {
    if (router) expect(await router.next()).toEqual([5, "secret1", {}]);
    else expect((await (await harness.router.session()).next())[0]).toBe(1);
  },
  async carry({ router }, _, message) {
    expect(await router?.next()).toEqual(message);
  },
  async leave(scene) {
    expect(await scene.router?.next()).toEqual(GOODBYE);
    scene.router?.says(ANSWER);
    expect(await scene.client.next()).toEqual(ANSWER);
  },
  async keep(scene) {
    scene.router?.says(ANSWER);
    expect(await scene.client.next()).toEqual(ANSWER);
    await joinsAgain(scene, "rejoining");
  },
  async close(scene, state) {
    await endsWith(scene, state === "ending" ? 1001 : 1000);
    await routerIsLeft(scene, state);
  },
  async refuse(scene, state) {
    await endsWith(scene, 1002, violation);
    await routerIsLeft(scene, state);
  },
  async late(scene, state) {
    if (state === "closed") {
      await endsWith(scene, 1002, violation);
      return;
    }
    if (state === "ending") {
      scene.client.says(ANSWER);
      await endsWith(scene, 1001);
    } else {
      // The client receives exactly one GOODBYE, and can use the connection again.
      scene.router?.says(ANSWER);
      if (scene.router) expect(await scene.client.next()).toEqual(ANSWER);
      await joinsAgain(scene, state);
    }
    expect(scene.harness.counts.late).toBe(1);
  },
};

const routerChecks: Record<
  RouterAction,
  (scene: Scene, state: SessionState, message: unknown[]) => Promise<void>
> = {
  async welcome({ client }) {
    expect((await client.next())?.slice(0, 2)).toEqual([2, 7]);
  },
  async pass({ client }, _, message) {
    expect(await client.next()).toEqual(message);
  },
  async carry({ client, router }, state, message) {
    expect(await client.next()).toEqual(message);
    if (state === "joined") return;
    // Without the answer, the router's connection would stay open for some time.
    router?.says(ANSWER);
    expect(await client.next()).toEqual(ANSWER);
  },
  async left(scene, state, message) {
    expect(await scene.client.next()).toEqual(message);
    expect(await scene.router?.rest()).toEqual([]);
    await joinsAgain(scene, state);
  },
  async end(scene, _, message) {
    expect(await scene.client.next()).toEqual(message);
    expect(await scene.router?.next()).toEqual(ANSWER);
    scene.client.says(ANSWER);
    await endsWith(scene, 1001);
  },
  async abort(scene, _, message) {
    await endsWith(scene, 1000, message);
    expect(await scene.router?.rest()).toEqual([]);
  },
  async fail(scene, state) {
    if (state !== "joined") {
      const sentence = "Cannot join: the router's answer makes no sense";
      await endsWith(scene, 1000, [3, { message: sentence }, "wamp.error.network_failure"]);
      await routerIsLeft(scene, state);
      return;
    }
    const sentence = "The router sent a message that it may not send";
    const goodbye = [6, { message: sentence }, "wamp.error.protocol_violation"];
    expect(await scene.client.next()).toEqual(goodbye);
    await routerIsLeft(scene, state);
    scene.client.says(ANSWER);
    await endsWith(scene, 1001);
  },
  async finish(scene, state) {
    expect(await scene.client.next()).toEqual(ANSWER);
    await joinsAgain(scene, state);
  },
  async none(scene, state) {
    // Nothing reaches the client, which can still end the session.
    scene.client.says(endOf(state));
    await endsWith(scene, state === "ending" ? 1001 : 1000);
  },
};

const eventChecks: Record<
  EventAction,
  (scene: Scene, state: SessionState, event: string) => Promise<void>
> = {
  async gone(scene, state) {
    await routerIsLeft(scene, state);
  },
  async abort(scene, state, event) {
    const uris: Record<string, string> = {
      shutdown: "wamp.close.system_shutdown",
      deadline: "wamp.error.timeout",
    };
    const isProof = event === "deadline" && state === "challenged";
    const fault = isProof ? expect.stringMatching(/timeout$|authentication_failed$/) : undefined;
    const uri = fault ?? uris[event] ?? "wamp.error.network_failure";
    const sentence = expect.stringMatching(/^Cannot join: |^The node shuts down$/);
    const codes: Record<string, number> = { deadline: 1008, shutdown: 1001 };
    await endsWith(scene, codes[event] ?? 1000, [3, { message: sentence }, uri]);
    if (event !== "router lost") await routerIsLeft(scene, state);
  },
  async goodbye(scene, state, event) {
    const uris: Record<string, string> = {
      "router stalled": "crossproxy.close.router_stalled",
      age: "crossproxy.close.connection_age",
      expiry: "crossproxy.close.token_expired",
    };
    const uri = uris[event] ?? "wamp.close.system_shutdown";
    expect(await scene.client.next()).toEqual([6, { message: expect.anything() }, uri]);
    if (event !== "router lost") await routerIsLeft(scene, state);
    scene.client.says(ANSWER);
    await endsWith(scene, 1001);
  },
  async drop(scene, state) {
    await endsWith(scene, 1008);
    await routerIsLeft(scene, state);
  },
  async finish(scene, state) {
    expect(await scene.client.next()).toEqual(ANSWER);
    await joinsAgain(scene, state);
  },
  async close(scene) {
    await endsWith(scene, 1001);
  },
  async none(scene, state) {
    if (state === "closed") {
      await scene.harness.empty();
      return;
    }
    scene.client.says(endOf(state));
    if (state === "joined") {
      expect((await scene.router?.next())?.[0]).toBe(6);
      // The router does not answer.
      scene.passDeadlines?.();
    } else await endsWith(scene, state === "ending" ? 1001 : 1000);
  },
};

/** After every cell nothing may be left. */
async function nothingIsLeft({ harness, client }: Scene) {
  client.socket.destroy();
  await harness.empty();
  expect(harness.logged.filter(([level]) => level === "error")).toEqual([]);
}

const states = Object.keys(FROM_CLIENT) as SessionState[];

/** The octets of a message; `["unreadable"]` stands for some that are none. */
function octetsOf(message: unknown[], serializer: string): Uint8Array | undefined {
  if (message[0] !== "unreadable") return undefined;
  return serializer === "json" ? Buffer.from("{}") : Buffer.from("ff", "hex");
}

/** Sends a message, or octets that are none, after `before` in the same write. */
function clientSays({ client, before }: Scene, message: unknown[]): void {
  const messages = [...before, message].map(
    (one) => octetsOf(one, client.serializer) ?? encodeMessage(one, client.serializer),
  );
  client.sends(...messages);
}

/** The router answers the handshake and sends the message in the same write. */
function routerSays({ router, opening }: Scene, message: unknown[]): void {
  const octets = octetsOf(message, "cbor") ?? encodeMessage(message, "cbor");
  const answer = Buffer.from(`7ff30000${octets.length.toString(16).padStart(8, "0")}`, "hex");
  if (opening) opening.socket.write(Buffer.concat([answer, octets]));
  else router?.saysOctets(octets);
}

describe.each(TRANSPORTS)("a client over %s", (transport) => {
  for (const state of states) {
    for (const [index, kind] of CLIENT_MESSAGES.entries()) {
      const action = FROM_CLIENT[state][index] as ClientAction;
      for (const message of CLIENT_SAYS[kind]) {
        test(`${state}: ${kind} ${message[0]} of the client -> ${action}`, async () => {
          const scene = await reach(state, transport, optionsFor(state, kind));
          clientSays(scene, message);
          await clientChecks[action](scene, state, message);
          await nothingIsLeft(scene);
        });
      }
    }
  }
});

/** States in which a router can send messages. */
const withRouter = states.filter((state) =>
  /^(connecting|joining|joined|leaving|rejoining|ending)$/.test(state),
);

describe.each(TRANSPORTS)("the router of a client over %s", (transport) => {
  for (const state of withRouter) {
    for (const [index, kind] of ROUTER_MESSAGES.entries()) {
      const action = FROM_ROUTER[state][index] as RouterAction;
      for (const message of ROUTER_SAYS[kind]) {
        test(`${state}: ${kind} ${message[0]} of the router -> ${action}`, async () => {
          const scene = await reach(state, transport, optionsFor(state, kind));
          routerSays(scene, message);
          await routerChecks[action](scene, state, message);
          await nothingIsLeft(scene);
        });
      }
    }
  }

  test.each(states.filter((state) => !withRouter.includes(state)))("is none while %s", (state) => {
    expect(new Set(FROM_ROUTER[state])).toEqual(new Set(["none"]));
  });
});

/** Brings an event about. */
const bringAbout: Record<string, (scene: Scene) => void> = {
  "client lost": ({ client }) => client.reset(),
  "router lost"({ router, opening }) {
    router?.hangUp();
    opening?.socket.destroy();
  },
  "client stalled": ({ harness }) => harness.open[0]?.onStalled("client"),
  "router stalled": ({ harness }) => harness.open[0]?.onStalled("router"),
  deadline: ({ passDeadlines }) => passDeadlines?.(),
  shutdown: ({ harness }) => harness.open[0]?.shutdown(),
  age: ({ harness }) => harness.open[0]?.retire("age", 0),
  expiry: ({ harness }) => harness.open[0]?.expire(),
};

/** What cannot be held still between sockets: the proxy's own authmethods answer at once. */
const passesBy = (state: SessionState) => state === "authenticating" || state === "closed";

describe.each(TRANSPORTS)("at a client over %s", (transport) => {
  for (const state of states) {
    for (const [index, event] of [...EVENTS, ...CLOCKS].entries()) {
      const action = AT_EVENT[state][index] as EventAction;
      const isNotThere = event.startsWith("router") && !withRouter.includes(state);
      const isNotHeld = passesBy(state) && event !== "client lost";
      if (isNotThere || isNotHeld) continue;
      test(`${state}: ${event} -> ${action}`, async () => {
        const pass = event === "deadline" ? fakeTime() : undefined;
        const reached = await reach(state, transport, optionsFor(state, ""));
        const scene = { ...reached, ...(pass && { passDeadlines: () => pass(20_000) }) };
        if (scene.before.length > 0) scene.client.says(...scene.before);
        bringAbout[event]?.(scene);
        await eventChecks[action](scene, state, event);
        await nothingIsLeft(scene);
      });
    }
  }
});

describe.each(TRANSPORTS)("a ping of a client over %s", (transport) => {
  const held = states.filter((state) => !passesBy(state));
  test.each(held)("is answered while %s", async (state) => {
    const { client } = await reach(state, transport, optionsFor(state, ""));
    client.ping("are you there");
    expect(String(await client.pong)).toBe("are you there");
  });
});

/** The states of a long-poll transport: the table as a whole, and each of its cells tried. */

import { beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { LongPollOptions } from "#config/web-service/longpoll-config.ts";
import { LongPollPeer } from "#transport/web/longpoll/longpoll-peer.ts";
import { LongPollRequest } from "#transport/web/longpoll/longpoll-request.ts";
import {
  LONG_POLL_ACTIONS,
  LONG_POLL_EVENTS,
  type LongPollEvent,
  type LongPollState,
} from "#transport/web/longpoll/longpoll-states.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { longPollDefaults } from "../../../support/longpoll-transports.ts";
import { quiet } from "../../../support/quiet-context.ts";
import { ScriptedSocket } from "../../../support/scripted-socket.ts";
import { utf8 } from "../../../support/utf8.ts";

const page = readFileSync(join(import.meta.dir, "../../../../docs/longpoll.md"), "utf8");

test("the table is whole, and that of docs/longpoll.md", () => {
  const rows = Object.entries(LONG_POLL_ACTIONS);
  for (const [, actions] of rows) expect(actions).toHaveLength(LONG_POLL_EVENTS.length);
  const table = [
    `| state | ${LONG_POLL_EVENTS.join(" | ")} |`,
    `|---${"|---".repeat(LONG_POLL_EVENTS.length)}|`,
    ...rows.map(([state, actions]) => `| ${state} | ${actions.join(" | ")} |`),
  ];
  expect(page).toContain(table.join("\n"));
  for (const action of new Set(rows.flatMap(([, actions]) => actions))) {
    expect(page).toContain(`| ${action} | `);
  }
});

/** A transport, what its session is told, and the requests that a test makes. */
class Tried {
  readonly told: string[] = [];
  readonly peer: LongPollPeer;

  constructor(options: Partial<LongPollOptions> = {}) {
    this.peer = new LongPollPeer({
      details: {
        peer: "tcp4:192.0.2.1:1000",
        type: "longpoll",
        serializer: "json",
        isSecure: false,
        isUnixSocket: false,
      },
      isBatched: false,
      options: { ...longPollDefaults, ...options },
      log: quiet,
      onClosed: () => this.told.push("closed"),
    });
    this.peer.attach({
      onMessage: (message) => this.told.push(`message ${Buffer.from(message).toString()}`),
      onDrain: () => this.told.push("drain"),
      onClose: (reason) => this.told.push(`close ${reason}`),
    });
  }

  /** A request with this body, of which some octets may be missing, and the socket that it is answered on. */
  request(body = "", missing = 0): { request: LongPollRequest; socket: ScriptedSocket } {
    const socket = new ScriptedSocket();
    const streamed = {
      request: {
        method: "POST",
        url: { pathname: "/", search: "" },
        headers: new Headers(),
        isHttp10: false,
        framing: { kind: "length", octets: body.length + missing },
        peer: "tcp4:192.0.2.1:1000",
        isSecure: false,
        strictTransport: "",
      },
      lines: [],
      path: "",
      details: { peer: "tcp4:192.0.2.1:1000", isSecure: false, isUnixSocket: false },
      limit: undefined,
      chain: [],
      socket,
      octetsAfterHead: utf8(body),
      readNextRequest() {},
    } as const;
    const request = new LongPollRequest(streamed, {
      headers: {},
      stallTimeoutMs: 0,
      maxOutgoing: longPollDefaults.max_outgoing,
      bodyTimeoutMs: 0,
      onOver() {},
    });
    return { request, socket };
  }

  /** A receive; gives its socket. */
  receive(): ScriptedSocket {
    const { request, socket } = this.request();
    const whole = { onBody: () => this.peer.receive(request), onBodyFault() {} };
    request.readBody({ maxOctets: 0, maxIncomplete: 0 }, whole);
    return socket;
  }

  send(): ScriptedSocket {
    const { request, socket } = this.request("[1]");
    this.peer.post(request);
    return socket;
  }

  close(): ScriptedSocket {
    const { request, socket } = this.request();
    const whole = { onBody: () => this.peer.end(request), onBodyFault() {} };
    request.readBody({ maxOctets: 0, maxIncomplete: 0 }, whole);
    return socket;
  }
}

const statusOf = ({ text }: ScriptedSocket) => text.split(" ")[1] ?? "none";
const bodyOf = ({ text }: ScriptedSocket) => text.split("\r\n\r\n")[1] ?? "";

let pass: (milliseconds: number) => void;
beforeEach(() => {
  pass = fakeTime();
});

/** Brings a transport into a state. */
const INTO: Record<LongPollState, (tried: Tried) => void> = {
  idle() {},
  polled: (tried) => void tried.receive(),
  closing(tried) {
    tried.peer.send(utf8("[6]"));
    tried.peer.close(1001, "over");
  },
  closed: (tried) => void tried.close(),
};

async function triedIn(state: LongPollState): Promise<Tried> {
  const tried = new Tried();
  INTO[state](tried);
  await Promise.resolve();
  expect(tried.peer.state).toBe(state);
  tried.told.splice(0);
  return tried;
}

/** What each action does; a cell without a check here is one where nothing may happen. */
const CHECKS: Partial<
  Record<LongPollEvent, Partial<Record<LongPollState, (tried: Tried) => Promise<void> | void>>>
> = {
  receive: {
    idle(tried) {
      expect([statusOf(tried.receive()), tried.peer.state]).toEqual(["none", "polled"]);
    },
    async polled(tried) {
      tried.close();
      const other = new Tried();
      const sockets = [other.receive(), other.receive()];
      expect([...sockets.map(statusOf), other.peer.state]).toEqual(["409", "none", "polled"]);
    },
    async closing(tried) {
      const rest = tried.receive();
      expect([statusOf(rest), bodyOf(rest), tried.peer.state]).toEqual(["200", "[6]", "closing"]);
      const last = tried.receive();
      expect([statusOf(last), bodyOf(last)]).toEqual(["410", "The session has ended: over.\n"]);
      await Promise.resolve();
      expect([tried.peer.state, tried.told]).toEqual(["closed", ["closed", "close over"]]);
    },
    closed: (tried) => expect(statusOf(tried.receive())).toBe("404"),
  },
  send: {
    idle: (tried) => expectTaken(tried),
    polled: (tried) => expectTaken(tried),
    closing: (tried) => expectRefused(tried, "over"),
    closed: (tried) => expectRefused(tried, "closed by the client"),
  },
  close: {
    idle: (tried) => expectEnd(tried),
    polled: (tried) => expectEnd(tried),
    closing: (tried) => expectEnd(tried, "over"),
    closed: (tried) => expect(statusOf(tried.close())).toBe("404"),
  },
  message: {
    async idle(tried) {
      tried.peer.send(utf8("[36,1]"));
      tried.peer.send(utf8("[36,2]"));
      await Promise.resolve();
      expect(tried.peer.bufferedOctets).toBeGreaterThan(0);
      const bodies = [bodyOf(tried.receive()), bodyOf(tried.receive())];
      expect([bodies, tried.peer.bufferedOctets]).toEqual([["[36,1]", "[36,2]"], 0]);
    },
    async polled() {
      const tried = new Tried();
      const socket = tried.receive();
      tried.peer.send(utf8("[36,1]"));
      await Promise.resolve();
      expect([bodyOf(socket), tried.peer.state]).toEqual(["[36,1]", "idle"]);
    },
    closing(tried) {
      const before = tried.peer.bufferedOctets;
      expect([tried.peer.send(utf8("[36,1]")), tried.peer.bufferedOctets]).toEqual([true, before]);
    },
    closed(tried) {
      expect([tried.peer.send(utf8("[36,1]")), tried.peer.bufferedOctets]).toEqual([true, 0]);
    },
  },
  "session ends": {
    async idle(tried) {
      tried.peer.close(1001, "over");
      expect(tried.peer.state).toBe("closing");
      expect(bodyOf(tried.receive())).toBe("The session has ended: over.\n");
      await Promise.resolve();
      expect(tried.told).toEqual(["closed", "close over"]);
    },
    async polled() {
      const tried = new Tried();
      const socket = tried.receive();
      tried.peer.close(1001, "over");
      await Promise.resolve();
      expect([statusOf(socket), tried.told]).toEqual(["410", ["closed", "close over"]]);
    },
    closing: (tried) => expectNothing(tried, () => tried.peer.close(1000, "again")),
    closed: (tried) => expectNothing(tried, () => tried.peer.close(1000, "again")),
  },
  "receive is late": {
    polled() {
      const tried = new Tried();
      const socket = tried.receive();
      pass(longPollDefaults.request_timeout);
      expect([statusOf(socket), tried.peer.state]).toEqual(["204", "idle"]);
    },
  },
  "client is late": {
    async idle(tried) {
      pass(longPollDefaults.session_timeout);
      await Promise.resolve();
      const reason = `close no request within ${longPollDefaults.session_timeout} ms`;
      expect(tried.told).toEqual(["closed", reason]);
    },
    polled() {
      const tried = new Tried({ request_timeout: 60_000 });
      const socket = tried.receive();
      pass(longPollDefaults.session_timeout);
      expect([statusOf(socket), tried.peer.state, tried.told]).toEqual(["none", "polled", []]);
    },
    async closing(tried) {
      pass(5_000);
      await Promise.resolve();
      expect(tried.told).toEqual(["closed", "close over"]);
    },
    closed: (tried) => expectNothing(tried, () => pass(longPollDefaults.session_timeout)),
  },
  "answer is lost": {
    idle: () => expectLost(() => {}),
    polled: () => expectLost((tried) => void tried.receive()),
  },
};

async function expectTaken(tried: Tried): Promise<void> {
  expect([statusOf(tried.send()), tried.told]).toEqual(["204", ["message [1]"]]);
}

function expectRefused(tried: Tried, reason: string): void {
  const socket = tried.send();
  expect([statusOf(socket), tried.told]).toEqual(["410", []]);
  expect(bodyOf(socket)).toBe(`The session has ended: ${reason}.\n`);
}

async function expectEnd(tried: Tried, reason = "closed by the client"): Promise<void> {
  expect([statusOf(tried.close()), tried.peer.state]).toEqual(["204", "closed"]);
  await Promise.resolve();
  expect(tried.told).toEqual(["closed", `close ${reason}`]);
}

async function expectNothing(tried: Tried, body: () => void): Promise<void> {
  const { state } = tried.peer;
  body();
  await Promise.resolve();
  expect([tried.peer.state, tried.told]).toEqual([state, []]);
}

/** The client goes while its system has taken a part of an answer. */
async function expectLost(then: (tried: Tried) => void): Promise<void> {
  const tried = new Tried();
  tried.peer.send(utf8(`[36,"${"a".repeat(1000)}"]`));
  const { request, socket } = tried.request();
  socket.takes = 100;
  request.readBody(
    { maxOctets: 0, maxIncomplete: 0 },
    { onBody: () => tried.peer.receive(request), onBodyFault() {} },
  );
  then(tried);
  request.closed();
  await Promise.resolve();
  expect(tried.told).toEqual(["closed", "close an answer was cut off"]);
}

test("a send whose turn has not come is not read", () => {
  const tried = new Tried();
  tried.peer.pause();
  const { request, socket } = tried.request("[1]");
  tried.peer.post(request);
  expect([socket.done, tried.told]).toEqual([["pause"], []]);
  tried.peer.resume();
  expect([socket.done, tried.told]).toEqual([["pause", "resume"], ["message [1]"]]);
});

test("a send whose client is lost amid its body lets the next one through", async () => {
  const tried = new Tried();
  const first = tried.request("[1", 1);
  const second = tried.request("[2]");
  for (const { request } of [first, second]) tried.peer.post(request);
  expect(tried.told).toEqual([]);
  first.request.closed();
  await Promise.resolve();
  expect([statusOf(second.socket), tried.told]).toEqual(["204", ["message [2]"]]);
});

describe.each(Object.keys(LONG_POLL_ACTIONS) as LongPollState[])("in %s", (state) => {
  test.each(LONG_POLL_EVENTS)("%s", async (event) => {
    const action = LONG_POLL_ACTIONS[state][LONG_POLL_EVENTS.indexOf(event)];
    const check = CHECKS[event]?.[state];
    expect(check === undefined).toBe(action === "none" && CHECKS[event]?.[state] === undefined);
    await check?.(await triedIn(state));
  });
});

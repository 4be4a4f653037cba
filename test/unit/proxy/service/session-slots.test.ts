/** The room for service sessions, and how long an unused one stays. */

import { expect, test } from "bun:test";
import { type LimitedSlot, SessionSlots } from "#proxy/service/session-slots.ts";
import { fakeTime } from "../../../support/fake-time.ts";

/** Slots for clients, whose sessions have joined unless a test says otherwise. */
function slotsOf(most: number, idleMs = 0) {
  const left: string[] = [];
  const open = (name: string, state: Partial<LimitedSlot> = {}) => ({
    hasJoined: true,
    isUnused: true,
    leave: (reason: string, uri: string) => void left.push(`${name}: ${reason}, ${uri}`),
    ...state,
  });
  const slots = new SessionSlots<LimitedSlot>({ most, name: "sessions of clients", idleMs });
  const get = (name: string, state: Partial<LimitedSlot> = {}) =>
    slots.get(name, () => open(name, state));
  return { slots, get, left };
}

test("a slot is opened once for its key", () => {
  const { get } = slotsOf(2);
  const first = get("a");
  expect(get("a")).toBe(first);
  expect(get("b")).not.toBe(first);
});

test("the longest unused one makes room, after those that have never joined", () => {
  const { get, left } = slotsOf(3);
  get("a");
  get("b");
  get("c", { hasJoined: false, isUnused: false });
  get("d");
  get("a");
  get("e");
  expect(left).toEqual([
    "c: its room is needed, wamp.close.close_realm",
    "b: its room is needed, wamp.close.close_realm",
  ]);
});

test("there is no room while all are in use, and nothing is opened", () => {
  const { slots, get, left } = slotsOf(1);
  get("a", { isUnused: false });
  expect(() => get("b")).toThrow(
    "Cannot join as a service session: 1 sessions of clients are in use",
  );
  expect(() =>
    slots.get("c", () => {
      throw new Error("no route");
    }),
  ).toThrow("no route");
  expect(left).toEqual([]);
});

test("one that is not used for its time leaves, and one that is used stays", () => {
  const pass = fakeTime();
  const { get, left } = slotsOf(9, 60_000);
  get("idle");
  const busy = { isUnused: false };
  get("busy", busy);
  pass(59_000);
  get("asked");
  expect(left).toEqual([]);
  pass(31_000);
  expect(left).toEqual(["idle: it was not used, wamp.close.normal"]);
  pass(30_000);
  expect(left.at(-1)).toBe("asked: it was not used, wamp.close.normal");
  expect(left.length).toBe(2);
});

test("one whose long request has ended stays for its time from then on", () => {
  const pass = fakeTime();
  const { get, left } = slotsOf(9, 60_000);
  const slot = get("a", { isUnused: false });
  pass(300_000);
  Object.assign(slot, { isUnused: true });
  pass(30_000);
  expect(left).toEqual([]);
  pass(30_000);
  expect(left).toEqual(["a: it was not used, wamp.close.normal"]);
});

test("none leaves where no time is set", () => {
  const pass = fakeTime();
  const { get, left } = slotsOf(9);
  get("a");
  pass(86_400_000);
  expect(left).toEqual([]);
});

test("all leave at the end, and none is opened then", () => {
  const { slots, get, left } = slotsOf(9, 60_000);
  get("a");
  slots.close();
  expect(left).toEqual(["a: the worker shuts down, wamp.close.system_shutdown"]);
  expect(() => get("a")).toThrow("Cannot join as a service session: the worker shuts down");
});

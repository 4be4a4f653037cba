import { expect, test } from "bun:test";
import {
  freeOctets,
  freeUntaken,
  giveOctets,
  keepOctets,
  shareOctets,
  takeOctets,
} from "#base/octet-ownership.ts";

const long = () => new Uint8Array(200_000);

test("borrowed octets are copied by whatever keeps them", () => {
  const octets = long();
  expect(takeOctets(octets)).not.toBe(octets);
  expect(keepOctets(octets)).toBeUndefined();
});

test("given octets are taken once, and copied from then on", () => {
  const [one, other] = [giveOctets(long()), giveOctets(long())];
  expect(takeOctets(one)).toBe(one);
  expect(takeOctets(one)).not.toBe(one);
  expect(keepOctets(other)).toBe(other);
  expect(keepOctets(other)).toBeUndefined();
});

test("a part of given octets is not given", () => {
  const octets = giveOctets(long());
  const part = octets.subarray(1);
  expect([takeOctets(part) === part, keepOctets(part)]).toEqual([false, undefined]);
});

test("shared octets are kept by any number, taken by none, and not freed", () => {
  const octets = shareOctets(long());
  expect([keepOctets(octets), keepOctets(octets)]).toEqual([octets, octets]);
  expect(takeOctets(octets)).not.toBe(octets);
  freeOctets(octets);
  expect(octets.length).toBe(200_000);
});

test("short octets are always copied", () => {
  const [given, shared] = [giveOctets(new Uint8Array(9)), shareOctets(new Uint8Array(9))];
  expect([keepOctets(given), keepOctets(shared)]).toEqual([undefined, undefined]);
});

test("octets that nothing has taken are freed, others are not", () => {
  const [untaken, taken] = [giveOctets(long()), giveOctets(long())];
  takeOctets(taken);
  for (const octets of [untaken, taken]) freeUntaken(octets);
  expect([untaken.length, taken.length]).toEqual([0, 200_000]);
});

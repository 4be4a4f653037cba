import { expect, test } from "bun:test";
import { changeOfUnanswered } from "#proxy/relay/unanswered-calls.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { titled } from "../../../support/titles.ts";

const progress = { progress: true };
/** Details in which the word stands behind many octets. */
const longDetails = { forward_for: "x".repeat(300), progress: true };

test.each(
  titled<[unknown[], number]>([
    [[48, 1, {}, "a"], 1],
    [[68, 1, 2, {}], 1],
    [[50, 1, {}], -1],
    [[50, 1, {}, ["progress"]], -1],
    [[50, 1, { progress: false }], -1],
    [[50, 1, progress, ["x"]], 0],
    [[50, 1, longDetails], 0],
    [[70, 1, {}], -1],
    [[70, 1, progress], 0],
    [[8, 48, 1, {}, "a.b"], -1],
    [[8, 68, 1, {}, "a.b"], -1],
    [[8, 32, 1, {}, "a.b"], 0],
    [[8, 16, 1, {}, "a.b"], 0],
    [[36, 1, 2, progress], 0],
    [[49, 1, {}], 0],
    [[69, 1, {}], 0],
    [[16, 1, progress, "a"], 0],
  ]),
)("%s, in every serializer", (_title, message, change) => {
  for (const serializer of ["json", "msgpack", "cbor"] as const) {
    const octets = encodeMessage(message, serializer) as Uint8Array;
    expect(changeOfUnanswered(Number(message[0]), octets, serializer)).toBe(change as -1 | 0 | 1);
  }
});

test.each(["[50,1, {} ]", '[50, 1 , {"progress" : false}]', "[50,1,{}", '[50,1,"progress"]'])(
  "%s counts as an answer",
  (text) => {
    expect(changeOfUnanswered(50, Buffer.from(text), "json")).toBe(-1);
  },
);

test("a list of unknown length is read too", () => {
  // [50, 1, {"progress": true}] and [50, 1, {}]
  const progressive = Uint8Array.fromHex("9f183201a16870726f6772657373f5ff");
  expect(changeOfUnanswered(50, progressive, "cbor")).toBe(0);
  expect(changeOfUnanswered(50, Uint8Array.fromHex("9f183201a0ff"), "cbor")).toBe(-1);
});

test("of a long result the first octets tell", () => {
  const octets = encodeMessage([50, 1, progress, ["x".repeat(100)]], "cbor") as Uint8Array;
  expect(changeOfUnanswered(50, octets.subarray(0, 40), "cbor")).toBe(0);
});

test("an ERROR with its type in a rare spelling is read", () => {
  // [8, 48, 1, {}, "a"], where 48 takes nine octets.
  const octets = Uint8Array.fromHex("85081b000000000000003001a06161");
  expect(changeOfUnanswered(8, octets, "cbor")).toBe(-1);
  expect(changeOfUnanswered(8, Buffer.from('[8,4.8e1,1,{},"a"]'), "json")).toBe(-1);
});

test("details that no value represents are those of an answer", () => {
  // [50, 1, {"progress": 6000("x")}]
  const octets = Uint8Array.fromHex("83183201a16870726f6772657373d917706178");
  expect(changeOfUnanswered(50, octets, "cbor")).toBe(-1);
});

import { describe, expect, test } from "bun:test";
import {
  type ForwardTask,
  HEAD_ROOM_OCTETS,
  handleLongMessage,
  memoryOf,
} from "#session/long-message.ts";
import type { SerializerName } from "#wamp/serializer-name.ts";

const task: ForwardTask = {
  message: Buffer.from('[48,7,{},"a",[1]]'),
  from: "json",
  to: "cbor",
  maxOctets: 11,
};
const waiting = { goesBack: true, type: 48, id: 7 };

test("a long message becomes octets of the other serializer, which are its own", () => {
  const result = handleLongMessage(task);
  const again = handleLongMessage({ ...task, message: Buffer.from('[48,8,{},"b",[2]]') });
  if (result.kind !== "transcoded" || again.kind !== "transcoded") throw new Error(result.kind);
  expect([result.octets.toHex(), again.octets.toHex()]).toEqual([
    "85183007a061618101",
    "85183008a061628102",
  ]);
});

test.each<[string, Partial<ForwardTask>, object]>([
  ["is too long by an octet", { maxOctets: 8 }, { kind: "too long", waiting }],
  ["is refused before", { to: null }, { kind: "refused", waiting }],
  [
    "is malformed behind its head",
    { message: Buffer.from('[48,7,{},"a",[NaN]]') },
    {
      kind: "malformed",
      sentence: expect.stringMatching(/^Cannot read a json message: /),
      waiting,
    },
  ],
  [
    "has what the other serializer lacks",
    { message: Buffer.from('[48,7,{},"a",["\\ud800"]]') },
    { kind: "unrepresentable", sentence: expect.stringMatching(/^Cannot represent /), waiting },
  ],
  [
    "has an id that is as long as itself",
    { message: Buffer.from('[48,"xxxxxxxxxxxxxxxxxxxx",{},"a"]'), to: null },
    { kind: "refused", waiting: { goesBack: true } },
  ],
  [
    "has a type of a request that is as long as itself",
    { message: Buffer.from('[8,"xxxxxxxxxxxxxxxxxxxxx",7,{},"a"]'), to: null },
    { kind: "refused", waiting: { goesBack: false } },
  ],
  [
    "is one that no peer waits for",
    { message: Buffer.from("[36,1,2,{}]"), to: null },
    { kind: "refused", waiting: { goesBack: false } },
  ],
])("a long message that %s names the request that waits", (_, change, expected) => {
  expect(handleLongMessage({ ...task, ...change })).toStrictEqual(expected as never);
});

test("a long message that is as long as its receiver takes is not too long", () => {
  expect(handleLongMessage({ ...task, maxOctets: 9 })).toMatchObject({ kind: "transcoded" });
});

/** Slices a message in JSON; the forms of its payload without the room for their heads. */
function slice(text: string, ...payloadIn: SerializerName[]) {
  // It does not begin where its memory does, as with the octets of a connection.
  const message = Buffer.from(`[]${text}`).subarray(2);
  const result = handleLongMessage({ message, from: "json", payloadIn });
  if (result.kind !== "sliced") return result;
  const forms = result.forms.map(([name, form]) => [
    name,
    typeof form === "string" ? form : form.subarray(HEAD_ROOM_OCTETS).toHex(),
  ]);
  return { ...result, octets: Buffer.from(result.octets).toString(), forms };
}

describe("a long message in slices", () => {
  const publish = '[16,7,{},"t",[1],{"a":2}]';

  test("is told with the begin of each item and the end of the last one", () => {
    expect(slice(publish)).toEqual({
      kind: "sliced",
      octets: publish,
      bounds: [1, 4, 6, 9, 13, 17, 24],
      forms: [],
    });
  });

  test("stays in its memory, and its payload as it is in its own serializer", () => {
    const message = Buffer.from('[16,7,{},"t",[ 1.0 ]]');
    const result = handleLongMessage({ message, from: "json", payloadIn: ["json"] });
    expect(result.kind === "sliced" && result.octets).toBe(message as never);
    expect(slice('[16,7,{},"t",[ 1.0 ]]', "json")).toMatchObject({
      forms: [["json", Buffer.from("[ 1.0 ]]").toHex()]],
    });
  });

  test("has its payload as the end of a list in each serializer", () => {
    expect(slice(publish, "json", "cbor", "msgpack")).toMatchObject({
      forms: [
        ["json", Buffer.from('[1],{"a":2}]').toHex()],
        ["cbor", "8101a1616102"],
        ["msgpack", "910181a16102"],
      ],
    });
  });

  test.each([
    ['[16,7,{},"t",[1],{}]', "8101a0"],
    ['[48,7,{},"p",[1]]', "8101"],
    ["[70,7,{},[1]]", "8101"],
    ['[8,68,7,{},"a.b",[1],{}]', "8101a0"],
    // No message has more than arguments and keyword arguments.
    ['[48,7,{},"p",[1],{},9]', "8101a0"],
    // These have no payload.
    ['[48,7,{},"p"]', ""],
    ['[32,7,{},"t"]', ""],
  ])("%s has the payload %p", (message, payload) => {
    expect(slice(message, "cbor")).toMatchObject({ forms: [["cbor", payload]] });
  });

  test.each([
    ['[16,7,{},"t",["\\ud800"]]', "[4][0]"],
    ['[16,7,{},"t",[],{"a":"\\ud800"}]', "[5].a"],
    ['[70,7,{},["\\ud800"]]', "[3][0]"],
  ])("%s has no form in CBOR, and says where: %s", (message, place) => {
    expect(slice(message, "json", "cbor")).toMatchObject({
      forms: [
        ["json", expect.stringMatching(/^5b/)],
        ["cbor", `Cannot represent a lone surrogate in CBOR at ${place}`],
      ],
    });
  });

  test.each(["[16,7,{", "[]", "{}"])("is unsound where it is %s", (message) => {
    expect(slice(message, "cbor")).toEqual({
      kind: "unsound",
      sentence: expect.stringMatching(/^Cannot read a json message: /),
    });
  });

  test("is passed to the other thread with all of its forms", () => {
    const payloadIn = ["json", "cbor"] as const;
    const task = { message: Buffer.from('[16,7,{},"t",["\\ud800"]]'), from: "json" } as const;
    const result = handleLongMessage({ ...task, payloadIn });
    if (result.kind !== "sliced") throw new Error(result.kind);
    const [[, inJson] = []] = result.forms;
    expect(memoryOf(result)).toStrictEqual([
      result.octets.buffer,
      (inJson as Uint8Array<ArrayBuffer>).buffer,
    ]);
  });
});

test("a transcoded message is passed to the other thread, and a refusal has no memory", () => {
  const result = handleLongMessage(task);
  if (result.kind !== "transcoded") throw new Error(result.kind);
  expect(memoryOf(result)).toEqual([result.octets.buffer]);
  expect(memoryOf(handleLongMessage({ ...task, to: null }))).toEqual([]);
});

test("a fault of the program is none of the message", () => {
  expect(() => handleLongMessage({ ...task, from: "none" as "json" })).toThrow(TypeError);
  expect(() => handleLongMessage({ ...task, to: "none" as "json" })).toThrow(TypeError);
  expect(() =>
    handleLongMessage({ message: Buffer.from("[]"), from: "none" as "json", payloadIn: [] }),
  ).toThrow(TypeError);
});

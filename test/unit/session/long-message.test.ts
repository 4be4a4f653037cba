import { expect, test } from "bun:test";
import { type ForwardTask, handleLongMessage } from "#session/long-message.ts";

const task: ForwardTask = {
  message: '[48,7,{},"a",[1]]',
  from: "json",
  to: "cbor",
  maxOctets: 11,
};
const waiting = { goesBack: true, type: 48, id: 7 };

test("a long message becomes octets of the other serializer, which are its own", () => {
  const result = handleLongMessage(task);
  const again = handleLongMessage({ ...task, message: '[48,8,{},"b",[2]]' });
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
    { message: '[48,7,{},"a",[NaN]]' },
    {
      kind: "malformed",
      sentence: expect.stringMatching(/^Cannot read a json message: /),
      waiting,
    },
  ],
  [
    "has what the other serializer lacks",
    { message: '[48,7,{},"a",["\\ud800"]]' },
    { kind: "unrepresentable", sentence: expect.stringMatching(/^Cannot represent /), waiting },
  ],
  [
    "has an id that is as long as itself",
    { message: '[48,"xxxxxxxxxxxxxxxxxxxx",{},"a"]', to: null },
    { kind: "refused", waiting: { goesBack: true } },
  ],
  [
    "has a type of a request that is as long as itself",
    { message: '[8,"xxxxxxxxxxxxxxxxxxxxx",7,{},"a"]', to: null },
    { kind: "refused", waiting: { goesBack: false } },
  ],
  [
    "is one that no peer waits for",
    { message: "[36,1,2,{}]", to: null },
    { kind: "refused", waiting: { goesBack: false } },
  ],
])("a long message that %s names the request that waits", (_, change, expected) => {
  expect(handleLongMessage({ ...task, ...change })).toStrictEqual(expected as never);
});

test("a long message that is as long as its receiver takes is not too long", () => {
  expect(handleLongMessage({ ...task, maxOctets: 9 })).toMatchObject({ kind: "transcoded" });
});

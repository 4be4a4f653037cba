import { describe, expect, test } from "bun:test";
import { waitingRequestOf } from "#session/waiting-request.ts";
import { encodeMessage } from "#wamp/serializer/message-values.ts";
import { titled } from "../../support/titles.ts";

const back = (type: number) => ({ goesBack: true, type, id: 7 });
const on = (type: number) => ({ goesBack: false, type, id: 7 });
const none = { goesBack: false };

describe("the request that waits", () => {
  test.each(
    titled(
      [
        [[48, 7, {}, "a"], back(48)],
        [[32, 7, {}, "a"], back(32)],
        [[34, 7, 1], back(34)],
        [[64, 7, {}, "a"], back(64)],
        [[66, 7, 1], back(66)],
        [[68, 7, 1, {}], back(68)],
        [[16, 7, { acknowledge: true }, "a"], back(16)],
        [[16, 7, { acknowledge: false }, "a"], none],
        [[16, 7, { acknowledge: 1 }, "a"], none],
        [[16, 7, {}, "a"], none],
        [[70, 7, {}], on(68)],
        [[70, 7, { progress: true }], none],
        [[70, 7, { progress: false }], on(68)],
        [[50, 7, {}], on(48)],
        [[50, 7, { progress: true }], none],
        [[8, 68, 7, {}, "a"], on(68)],
        [[8, 48, 7, {}, "a"], on(48)],
        [[36, 1, 2, {}], none],
        [[49, 7, {}], none],
        [[69, 7, {}], none],
        [[17, 7, 1], none],
        [[33, 7, 1], none],
      ],
      1,
    ),
  )("for %s", (_title, message, expected) => {
    for (const serializer of ["json", "msgpack", "cbor"] as const) {
      const encoded = encodeMessage(message, serializer);
      expect(waitingRequestOf(encoded, serializer)).toEqual(expected);
    }
  });

  test("is none where the head has a value that JavaScript lacks", () => {
    // [48, tag 0 of 1, {}, "a"]
    expect(waitingRequestOf(Uint8Array.fromHex("841830c001a06161"), "cbor")).toEqual(none);
  });
});

/** Payloads that only applications read (WAMP specification, section "Payload Passthru Mode"). */

import { describe, expect, test } from "bun:test";
import { MessageType as M } from "#wamp/message-type.ts";
import { ask, everything, openRouter } from "../../support/router-harness.ts";

const roles = [{ name: "anonymous", permissions: [everything] }];
const knows = { features: { payload_passthru_mode: true, call_canceling: true } };
const knowing = { caller: knows, callee: knows, publisher: knows, subscriber: knows };
const ppt = {
  ppt_scheme: "wamp.eth",
  ppt_serializer: "cbor",
  ppt_cipher: "xsalsa20poly1305",
  ppt_keyid: "GTtQ37XGJO2O4R8Dvx4AUo8pe61D9evIWpKGQAPdOh0=",
};
const secret = new Uint8Array([0xde, 0xad]);

async function router() {
  const { join } = openRouter(roles);
  const [json, cbor] = [
    await join({ roles: knowing }),
    await join({ roles: knowing, serializer: "cbor" }),
  ];
  const unaware = await join({ serializer: "cbor" });
  await ask(cbor, [M.REGISTER, 1, {}, "a.b"]);
  await ask(cbor, [M.SUBSCRIBE, 2, {}, "a.b"]);
  return { json, cbor, unaware };
}

describe("payload passthru mode", () => {
  test("reaches the callee and comes back, with RESULT and ERROR", async () => {
    const { json, cbor } = await router();
    json.saysOctets(`[48,5,${JSON.stringify(ppt)},"a.b",["\\u00003q0="]]`);
    const [, id, , details, args] = await cbor.next();
    expect([details, args]).toEqual([ppt, [secret]]);
    cbor.says([M.YIELD, id, ppt, [secret]]);
    expect(await json.next()).toEqual([M.RESULT, 5, ppt, [secret]]);
    json.says([M.CALL, 6, {}, "a.b"]);
    cbor.take();
    cbor.says([M.ERROR, M.INVOCATION, 2, ppt, "a.error", [secret]]);
    expect(await json.next()).toEqual([M.ERROR, M.CALL, 6, ppt, "a.error", [secret]]);
  });

  test("reaches subscribers", async () => {
    const { json, cbor } = await router();
    json.says([M.PUBLISH, 5, ppt, "a.b", [secret]]);
    expect((await cbor.next()).slice(3)).toEqual([ppt, [secret]]);
  });

  test("is refused where the callee does not know it, and a result where the caller does not", async () => {
    const { json, cbor, unaware } = await router();
    await ask(unaware, [M.REGISTER, 1, {}, "a.c"]);
    const unsupported = "wamp.error.feature_not_supported";
    expect((await ask(json, [M.CALL, 5, ppt, "a.c", [secret]]))[4]).toBe(unsupported);
    expect(unaware.take()).toEqual([]);
    unaware.says([M.CALL, 6, {}, "a.b"]);
    cbor.take();
    cbor.says([M.YIELD, 1, ppt, [secret]]);
    expect(unaware.take().map(([type, , id, , uri]) => [type, id, uri])).toEqual([
      [M.ERROR, 6, unsupported],
    ]);
    expect(cbor.closed).toBeUndefined();
  });

  test.each([
    ["CALL", [M.CALL, 5, ppt, "a.b", [secret]]],
    ["PUBLISH", [M.PUBLISH, 5, ppt, "a.b", [secret]]],
  ])(
    "is a protocol violation in a %s of a client that has not announced it",
    async (_, message) => {
      const { cbor, unaware } = await router();
      unaware.says(message);
      expect(unaware.take().map(([type, , uri]) => [type, uri])).toEqual([
        [M.ABORT, "wamp.error.protocol_violation"],
      ]);
      expect(cbor.take()).toEqual([]);
    },
  );
});

describe("Crossbar's payload transparency", () => {
  const encrypted = { enc_algo: "cryptobox", enc_key: "key1", enc_serializer: "json" };

  test("has octets in place of arguments, which pass both ways", async () => {
    const { json, cbor } = await router();
    json.saysOctets(`[48,5,${JSON.stringify(encrypted)},"a.b","\\u00003q0="]`);
    const [, id, , details, octets] = await cbor.next();
    expect([details, octets]).toEqual([encrypted, secret]);
    cbor.says([M.YIELD, id, encrypted, secret]);
    await json.next();
    expect(json.wire.at(-1)).toBe(`[50,5,${JSON.stringify(encrypted)},"\\u00003q0="]`);
    json.saysOctets(`[16,6,${JSON.stringify(encrypted)},"a.b","\\u00003q0="]`);
    expect((await cbor.next()).slice(3)).toEqual([encrypted, secret]);
  });

  test("has no octets without its options", async () => {
    const { json } = await router();
    json.saysOctets('[48,5,{},"a.b","\\u00003q0="]');
    expect((await json.next())[2]).toBe("wamp.error.protocol_violation");
  });
});

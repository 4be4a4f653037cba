import { describe, expect, test } from "bun:test";
import {
  isEd25519Key,
  makePrivateKey,
  publicKeyOf,
  signEd25519,
  verifyEd25519,
} from "#base/ed25519.ts";

/** RFC 8032, section 7.1, test 2. */
const vector = {
  privateKey: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
  publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
  message: Buffer.from("72", "hex"),
  signature:
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
};

describe("Ed25519", () => {
  test("makes the signature of RFC 8032, and takes it", () => {
    const signature = signEd25519(vector.message, vector.privateKey);
    expect(Buffer.from(signature).toString("hex")).toBe(vector.signature);
    expect(publicKeyOf(vector.privateKey)).toBe(vector.publicKey);
    expect(verifyEd25519(vector.message, signature, vector.publicKey)).toBe(true);
  });

  test("makes keys of its own, each another", () => {
    const [one, other] = [makePrivateKey(), makePrivateKey()];
    expect(isEd25519Key(one)).toBe(true);
    expect(one).not.toBe(other);
    const signature = signEd25519(vector.message, one);
    expect(verifyEd25519(vector.message, signature, publicKeyOf(one))).toBe(true);
    expect(verifyEd25519(vector.message, signature, publicKeyOf(other))).toBe(false);
    expect(verifyEd25519(Buffer.from("73", "hex"), signature, publicKeyOf(one))).toBe(false);
  });

  test.each([
    ["a short signature", vector.signature.slice(2), vector.publicKey],
    ["no signature", "", vector.publicKey],
    ["a short key", vector.signature, vector.publicKey.slice(2)],
    ["a key that is no point of the curve", vector.signature, `02${"00".repeat(31)}`],
    ["no key", vector.signature, ""],
  ])("takes %s for none", (_name, signature, key) => {
    expect(verifyEd25519(vector.message, Buffer.from(signature, "hex"), key)).toBe(false);
  });

  test.each([
    [vector.publicKey, true],
    [vector.publicKey.toUpperCase(), false],
    [vector.publicKey.slice(1), false],
    [`${vector.publicKey}0`, false],
    [`${vector.publicKey}\n`, false],
    ["", false],
  ])("%j is a key: %p", (text, isKey) => {
    expect(isEd25519Key(text)).toBe(isKey);
  });
});

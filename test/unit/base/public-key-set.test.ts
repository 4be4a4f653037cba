/** JWK Sets with the public keys of an issuer. */

import { expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { readPublicKeyFile, readPublicKeySet } from "#base/public-key-set.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const open = publicKey.export({ format: "jwk" });
const secret = privateKey.export({ format: "jwk" });
const octets = { kty: "oct", k: "c2VjcmV0" };
const textOf = (...keys: unknown[]) => JSON.stringify({ keys });

test("public keys for signatures are taken, and all others left out", () => {
  const signing = { ...open, use: "sig", kid: "a" };
  const text = textOf(open, signing, secret, octets, { ...open, use: "enc" }, { kty: "XY" }, 7);
  expect(readPublicKeySet(text)).toEqual({ keys: [open, signing] } as never);
});

test.each(["EC", "OKP", "RSA"])("a hundred keys of type %s are taken", (kty) => {
  expect(readPublicKeySet(textOf(...Array(100).fill({ kty }))).keys.length).toBe(100);
});

test.each([
  ["", "it is no JSON"],
  ["<html>", "it is no JSON"],
  ["[]", 'it is no JWK Set, an object with the list "keys"'],
  ['{"keys":{}}', 'it is no JWK Set, an object with the list "keys"'],
  [textOf(), "it has no public key for signatures"],
  [textOf(secret), "it has no public key for signatures"],
  [textOf(octets), "it has no public key for signatures"],
  [textOf(...Array(101).fill(open)), "it has more than 100 keys"],
])("%p is refused", (text, state) => {
  expect(() => readPublicKeySet(text)).toThrow(state);
});

test("a file is read, and one that is too long or no file is not", () => {
  const folder = temporaryFolder({
    "keys.json": textOf(open),
    "long.json": textOf(open) + " ".repeat(262_144),
  });
  expect(readPublicKeyFile(join(folder, "keys.json")).keys.length).toBe(1);
  expect(() => readPublicKeyFile(join(folder, "long.json"))).toThrow("longer than 262144 octets");
  expect(() => readPublicKeyFile(folder)).toThrow("it is no file");
  expect(() => readPublicKeyFile(join(folder, "none"))).toThrow("ENOENT");
});

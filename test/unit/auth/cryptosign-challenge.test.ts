import { describe, expect, test } from "bun:test";
import { isSigned, makeChallenge, signChallenge } from "#auth/cryptosign-challenge.ts";
import { makePrivateKey, publicKeyOf, signEd25519 } from "#base/ed25519.ts";
import { titled } from "../../support/titles.ts";
import { hasPython, PYTHON } from "../../support/wamp-clients.ts";

const privateKey = makePrivateKey();
const publicKey = publicKeyOf(privateKey);

describe("Ed25519", () => {
  // RFC 8032, section 7.1, test 2.
  const secret = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
  test("signs as in the RFC", () => {
    expect(publicKeyOf(secret)).toBe(
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    );
    const signature = Buffer.from(signEd25519(Uint8Array.of(0x72), secret)).toString("hex");
    expect(signature).toBe(
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
  });
});

describe("a challenge", () => {
  const challenge = makeChallenge();
  const signed = signChallenge(challenge, privateKey) ?? "";

  test("is signed by the owner of the key alone", () => {
    expect(signed).toHaveLength(192);
    expect(isSigned(challenge, signed, publicKey)).toBe(true);
    expect(isSigned(challenge, signed.toUpperCase(), publicKey)).toBe(true);
    expect(isSigned(challenge, signed, publicKeyOf(makePrivateKey()))).toBe(false);
  });

  test.each([
    ["another challenge's", signChallenge(makeChallenge(), privateKey)],
    ["one that is cut off", signed.slice(0, -2)],
    ["one that is longer", `${signed}00`],
    ["one with half an octet more", `${signed}0`],
    ["one with no hex behind it", `${signed}zz`],
    ["no hex", `x${signed.slice(1)}`],
    ["a changed signature", (signed[0] === "0" ? "1" : "0") + signed.slice(1)],
    ["this challenge under another's signature", makeChallenge() + makeChallenge() + challenge],
    ["nothing", ""],
  ])("is not answered by %s", (_name, answer) => {
    expect(isSigned(challenge, answer ?? "", publicKey)).toBe(false);
  });

  test.each(
    titled([
      [""],
      ["12"],
      [`${"0".repeat(63)}x`],
      [`${"0".repeat(66)}`],
      [7],
      [null],
      [[makeChallenge()]],
    ]),
  )("of 32 octets alone is signed, not %s", (_title, asked) => {
    expect(signChallenge(asked, privateKey)).toBeUndefined();
  });
});

describe.if(hasPython)("Autobahn", () => {
  test("signs a challenge so that it counts here", () => {
    const challenge = makeChallenge();
    const code = `import sys, txaio; txaio.use_twisted()
from binascii import a2b_hex
from autobahn.wamp.cryptosign import CryptosignKey
from autobahn.wamp.types import Challenge
key = CryptosignKey.from_bytes(a2b_hex(sys.argv[1]))
signature = key.sign_challenge(Challenge("cryptosign-proxy", {"challenge": sys.argv[2]}))
print(signature.result)`;
    const { stdout } = Bun.spawnSync([PYTHON, "-c", code, privateKey, challenge]);
    expect(stdout.toString().trim()).toBe(signChallenge(challenge, privateKey) ?? "");
  }, 60_000);
});

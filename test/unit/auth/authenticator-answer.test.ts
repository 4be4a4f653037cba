import { describe, expect, test } from "bun:test";
import { type DynamicMethod, readAnswer } from "#auth/authenticator-answer.ts";
import { titled } from "../../support/titles.ts";

const key = "0123456789abcdef".repeat(4);
const scram = {
  role: "user",
  kdf: "argon2id-13",
  salt: "00ff",
  iterations: 2,
  memory: 512,
  "stored-key": key,
  "server-key": key,
};

describe("readAnswer", () => {
  test.each(
    titled<[DynamicMethod, unknown, object]>(
      [
        ["anonymous", "user", { role: "user" }],
        ["ticket", { role: "user", realm: "r", authid: "a", extra: { x: 1 } }, { authid: "a" }],
        ["wampcra", { secret: "s", role: "user" }, { secret: "s", role: "user" }],
        ["wampcra", { secret: "s", salt: "x", iterations: 1000, keylen: 32 }, { keylen: 32 }],
        ["scram", scram, scram],
        ["scram", { ...scram, kdf: "pbkdf2", memory: null }, { kdf: "pbkdf2", memory: undefined }],
        ["cryptosign", { pubkey: key.toUpperCase() }, { authorized_keys: [key] }],
        ["tls", { role: "user", extra: null }, { role: "user", extra: undefined }],
        ["cryptosign-proxy", { role: "user", pubkey: key }, { authorized_keys: [key] }],
        ["cryptosign-proxy", { pubkey: key.toUpperCase() }, { authorized_keys: [key] }],
      ],
      2,
    ),
  )("takes %s", (_title, method, returned, expected) => {
    expect(readAnswer(method, returned)).toMatchObject({ principal: expected });
  });

  test.each(
    titled<[DynamicMethod, unknown, string]>(
      [
        ["anonymous", undefined, "expected a role or a map"],
        ["anonymous", ["user"], "expected a role or a map"],
        ["anonymous", new Uint8Array(3), "expected a role or a map"],
        ["ticket", { role: ["user"] }, "role: expected a text"],
        ["ticket", { realm: "" }, "realm: expected a text that is not empty"],
        ["ticket", { extra: new Uint8Array(3) }, "extra: expected a map"],
        ["wampcra", "user", "secret: it is missing"],
        [
          "wampcra",
          { secret: "s", iterations: 0 },
          "iterations: expected an integer from 1 to 10000000",
        ],
        ["wampcra", { secret: "s", keylen: 1.5 }, "keylen: expected an integer from 1 to 1024"],
        ["scram", { ...scram, kdf: "md5" }, "kdf: expected argon2id-13 or pbkdf2"],
        ["scram", { ...scram, memory: null }, "expected memory for argon2id-13"],
        [
          "wampcra",
          { secret: "s", salt: "x".repeat(1025) },
          "salt: expected at most 1024 characters",
        ],
        ["scram", { ...scram, salt: "0" }, "salt: expected octets in hex"],
        ["scram", { ...scram, salt: "00ffzz" }, "salt: expected octets in hex"],
        ["scram", { ...scram, salt: "zz00ff" }, "salt: expected octets in hex"],
        [
          "scram",
          { ...scram, salt: "00".repeat(1025) },
          "salt: expected at most 1024 octets in hex",
        ],
        ["scram", { ...scram, "server-key": undefined }, "server-key: it is missing"],
        ["cryptosign", { pubkey: "00" }, "pubkey: expected 32 octets in hex"],
        ["cryptosign", { pubkey: `${key}00` }, "pubkey: expected 32 octets in hex"],
        ["cryptosign", { pubkey: `00${key}` }, "pubkey: expected 32 octets in hex"],
        ["cryptosign-proxy", { role: "user" }, "pubkey: it is missing"],
      ],
      2,
    ),
  )("gives the reason for refusing %s", (_title, method, returned, reason) => {
    expect(readAnswer(method, returned)).toEqual({ reason });
  });

  test("quotes no secret", () => {
    const { reason } = readAnswer("wampcra", { secret: { s3cret: "s3cret" } }) as {
      reason: string;
    };
    expect(reason).toBe("secret: expected a text");
  });
});

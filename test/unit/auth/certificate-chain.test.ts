import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { readChain, verifyChain } from "#auth/certificate-chain.ts";
import { CryptosignAuth } from "#auth/cryptosign.ts";
import { StaticTrustroots } from "#auth/static-trustroots.ts";
import {
  checksumAddress,
  eip712Hash,
  eip712Signer,
  parseEip712Certificate,
} from "#base/eip712-certificate.ts";
import type { TrustrootConfig } from "#config/auth/principal-config.ts";
import { decodeMessage } from "#wamp/serializer/message-values.ts";
import { challengeOf, helloRequest } from "../../support/hello-request.ts";
import { titled } from "../../support/titles.ts";

/** A chain of Autobahn's own tests, read as a HELLO is: `bootedAt` is longer than a double. */
const file = resolve(import.meta.dir, "../../fixtures/certificate-chain.json");
const text = await Bun.file(file).text();
const octets = Buffer.from(`[0,${text}]`);
const [, vector] = decodeMessage(octets, "json") as [number, { certificates: unknown[] }];

const verifying_contract = "0xf766dc789cf04cd18ae75af2c5faf2da6650ff57";
const realm_address = "0xa6e693cc4a2b4f1400391a728d26369d9b82ef96";
const trusted = {
  chain_id: "1",
  verifying_contract,
  issuer: "0xf766dc789cf04cd18ae75af2c5faf2da6650ff57",
  realm_address,
  role: "user",
};

/** Somebody with a key of Ethereum. */
function party(octet: string) {
  const key = Uint8Array.fromHex(octet.repeat(32));
  const point = secp256k1.getPublicKey(key, false);
  return { key, address: `0x${keccak_256(point.subarray(1)).subarray(12).toHex()}` };
}
const [root, between, delegate, stranger] = ["11", "22", "33", "44"].map(party) as [
  ReturnType<typeof party>,
  ReturnType<typeof party>,
  ReturnType<typeof party>,
  ReturnType<typeof party>,
];
const ours = { ...trusted, issuer: root.address };

const common = { chainId: 1, verifyingContract: verifying_contract, validFrom: 100, meta: "" };

/** A certificate with its signature, as in `authextra.certificates`. */
function signed(kind: "Delegate" | "Authority", message: object, key: Uint8Array) {
  const data = {
    primaryType: `EIP712${kind}Certificate`,
    domain: { name: "WMP", version: "1" },
    message: { ...common, ...message },
  };
  const certificate = parseEip712Certificate(data);
  if (certificate === undefined) throw new Error("expected a certificate");
  const hash = eip712Hash(certificate);
  const octets = secp256k1.sign(hash, key, { prehash: false, format: "recovered" });
  const signature = `${octets.subarray(1).toHex()}${(27 + (octets[0] ?? 0)).toString(16)}`;
  return [hash.toHex(), data, signature];
}
const delegateOf = (message: object = {}, by = delegate) =>
  signed(
    "Delegate",
    { delegate: by.address, csPubKey: "ab".repeat(32), bootedAt: 2n ** 60n, ...message },
    by.key,
  );
const authority = (issuer: typeof root, subject: typeof root, message: object = {}) =>
  signed(
    "Authority",
    {
      issuer: issuer.address,
      subject: subject.address,
      realm: realm_address,
      capabilities: 63,
      ...message,
    },
    issuer.key,
  );

function verify(certificates: unknown, root: TrustrootConfig) {
  const chain = readChain(certificates);
  return typeof chain === "string" ? chain : verifyChain(chain, root);
}

describe("a chain of certificates", () => {
  test("of Autobahn's own tests leads to its root", () => {
    expect(verify(vector.certificates, trusted)).toMatchObject({
      delegate: "0xf5173a6111b2a6b3c20fced53b2a8405ec142bf6",
      csPubKey: "12ae0184b180e9a9c5e45be4a1afbce3c6491320063701cd9c4011a777d04089",
    });
  });

  test.each([
    ["shortest", () => [delegateOf({}, root), authority(root, root)]],
    [
      "usual",
      () => [delegateOf(), authority(root, delegate, { capabilities: 0 }), authority(root, root)],
    ],
    [
      "longer",
      () => [
        delegateOf(),
        authority(between, delegate, { capabilities: 12 }),
        authority(root, between, { capabilities: 14 }),
        authority(root, root),
      ],
    ],
    [
      "longest",
      () => [
        delegateOf(),
        authority(between, delegate),
        ...Array.from({ length: 4 }, () => authority(between, between)),
        authority(root, between),
        authority(root, root),
      ],
    ],
    [
      "one without hashes",
      () => [delegateOf({}, root), authority(root, root)].map(([, ...rest]) => [null, ...rest]),
    ],
    [
      "one with 0x before the octets",
      () =>
        [delegateOf({}, root), authority(root, root)].map(([hash, data, signature]) => [
          `0x${hash}`,
          data,
          `0x${signature}`,
        ]),
    ],
    [
      "one with octets as they are",
      () =>
        [delegateOf({}, root), authority(root, root)].map(([hash, data, signature]) => [
          Uint8Array.fromHex(String(hash)),
          data,
          Uint8Array.fromHex(String(signature)),
        ]),
    ],
  ])("that is the %s is good", (_name, chain) => {
    expect(verify(chain(), ours)).toMatchObject({ kind: "delegate" });
  });

  const usual = () => [delegateOf(), authority(root, delegate), authority(root, root)] as const;
  const bad: [string, () => unknown, string][] = [
    ["is missing", () => undefined, "authextra.certificates is not a list"],
    ["is short", () => [delegateOf()], "a chain has 2 to 8 certificates, found 1"],
    [
      "is long",
      () => Array.from({ length: 9 }, () => delegateOf()),
      "a chain has 2 to 8 certificates, found 9",
    ],
    ["is no chain", () => [delegateOf(), "x"], "certificate 1 is none"],
    [
      "has a hash of its own",
      () => [["00", ...delegateOf().slice(1)], ...usual().slice(1)],
      "certificate 0 is none",
    ],
    [
      "has no delegate",
      () => [authority(root, root), authority(root, root)],
      "a chain is one delegate certificate and then authority certificates (CCR-3)",
    ],
    [
      "has two delegates",
      () => [delegateOf(), delegateOf(), authority(root, root)],
      "a chain is one delegate certificate and then authority certificates (CCR-3)",
    ],
    [
      "is for another contract",
      () => [delegateOf({ verifyingContract: realm_address }), ...usual().slice(1)],
      "chainId or verifyingContract is another (CCR-1)",
    ],
    [
      "is for another chain",
      () => [usual()[0], usual()[1], authority(root, root, { chainId: 2 })],
      "chainId or verifyingContract is another (CCR-1)",
    ],
    [
      "is for another realm",
      () => [usual()[0], authority(root, delegate, { realm: verifying_contract }), usual()[2]],
      "the realm is another (CCR-2)",
    ],
    [
      "leads to another root",
      () => [delegateOf(), authority(stranger, delegate), authority(stranger, stranger)],
      "the last certificate is not that of the trusted root (CCR-4)",
    ],
    [
      "does not reach the root",
      () => [delegateOf(), authority(root, delegate)],
      "the last certificate is not that of the trusted root (CCR-4)",
    ],
    [
      "ends in what is no authority",
      () => [
        usual()[0],
        authority(root, delegate, { capabilities: 2 }),
        authority(root, root, { capabilities: 62 }),
      ],
      "the last certificate is not that of a root authority (CCR-4)",
    ],
    [
      "is for another delegate",
      () => [delegateOf({}, stranger), authority(root, delegate), authority(root, root)],
      "the first authority certificate is not for the delegate (CCR-8)",
    ],
    [
      "is older at its begin",
      () => [delegateOf({ validFrom: 99 }), ...usual().slice(1)],
      "the delegate certificate is older than that of its authority (CCR-9)",
    ],
    [
      "is broken",
      () => [delegateOf(), authority(between, delegate), authority(root, root)],
      "an issuer is not the subject of the next certificate (CCR-5)",
    ],
    [
      "is older in the middle",
      () => [
        usual()[0],
        authority(root, delegate, { validFrom: 100 }),
        authority(root, root, { validFrom: 101 }),
      ],
      "a certificate is older than that of its issuer (CCR-6)",
    ],
    [
      "adds capabilities",
      () => [usual()[0], authority(root, delegate, { capabilities: 64 }), usual()[2]],
      "a certificate has capabilities that its issuer has not (CCR-7)",
    ],
    [
      "is signed by a delegate that is no authority",
      () => [
        delegateOf(),
        authority(between, delegate, { capabilities: 12 }),
        authority(root, between, { capabilities: 12 }),
        authority(root, root),
      ],
      "an issuer may not sign certificates of others",
    ],
  ];
  test.each(bad)("that %s is refused", (_name, chain, sentence) => {
    expect(verify(chain(), ours)).toBe(sentence);
  });

  const [[hash, data, signature], ...authorities] = usual() as unknown as [
    [string, object, string],
    ...unknown[],
  ];
  test.each<[string, unknown]>([
    ["a number", 7],
    ["null", null],
    ["of two items", [hash, data]],
    ["of four items", [hash, data, signature, null]],
    ["without data", [null, undefined, signature]],
    ["of other data", [null, {}, signature]],
    ["without a signature", [hash, data, null]],
    ["with a number as signature", [hash, data, 7]],
    ["with a signature of 64 octets", [hash, data, signature.slice(2)]],
    ["with a signature of 66 octets", [hash, data, `${signature}00`]],
    ["with half an octet in the signature", [hash, data, `${signature}0`]],
    ["with more behind the signature", [hash, data, `${signature}zz`]],
    ["with more before the signature", [hash, data, `zz${signature}`]],
    ["with a hash that is a number", [7, data, signature]],
    ["with a hash that is no hex", ["zz", data, signature]],
    ["with 0x within the hash", [`${hash.slice(0, 2)}0x${hash.slice(2)}`, data, signature]],
    ["with the hash of another", ["00".repeat(32), data, signature]],
  ])("with a certificate %s is refused", (_name, one) => {
    expect(verify([one, ...authorities], ours)).toBe("certificate 0 is none");
  });

  test.each([0, 1, 2])("with another signer of certificate %d is refused", (at) => {
    const forged = [
      signed("Delegate", (usual()[0][1] as { message: object }).message, stranger.key),
      signed("Authority", (usual()[1][1] as { message: object }).message, stranger.key),
      signed("Authority", (usual()[2][1] as { message: object }).message, stranger.key),
    ];
    const chain = usual().map((one, index) => (index === at ? forged[at] : one));
    expect(verify(chain, ours)).toStartWith(`the signature of certificate ${at} is not that of`);
  });
});

describe("a certificate", () => {
  const data = () => structuredClone(usualData) as { message: Record<string, unknown> };
  const usualData = authority(root, root)[1];

  test.each([
    ["another domain", { domain: { name: "WMP", version: "2" } }],
    ["no domain", { domain: undefined }],
    ["another type", { primaryType: "EIP712MemberLogin" }],
    ["no message", { message: null }],
  ])("with %s is none", (_name, change) => {
    expect(parseEip712Certificate({ ...data(), ...change })).toBeUndefined();
  });

  test.each(
    titled([
      [{ issuer: "0x12" }],
      [{ issuer: 7 }],
      [{ issuer: undefined }],
      [{ capabilities: -1 }],
      [{ capabilities: 1.5 }],
      [{ capabilities: 2n ** 64n }],
      [{ chainId: "1" }],
      [{ meta: null }],
      [{ more: 1 }],
    ]),
  )("with %s is none", (_title, change) => {
    const { message, ...rest } = data();
    expect(parseEip712Certificate({ ...rest, message: { ...message, ...change } })).toBeUndefined();
  });

  test.each(titled([[""], ["00".repeat(65)], [`${"ff".repeat(64)}1b`], ["00".repeat(64)]]))(
    "has no signer with the signature %s",
    (_title, signature) => {
      const certificate = parseEip712Certificate(usualData);
      if (certificate === undefined) throw new Error("expected a certificate");
      expect(eip712Signer(certificate, Uint8Array.fromHex(signature))).toBeUndefined();
    },
  );

  test("names addresses as their checksum wants (ERC-55)", () => {
    for (const address of [
      "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
      "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    ]) {
      expect(checksumAddress(address.toLowerCase())).toBe(address);
    }
  });
});

describe("the principal of a chain", () => {
  const certificates = [delegateOf({}, root), authority(root, root)];
  const find = (authextra: object, realm = "realm1", trusted: object = {}) =>
    new StaticTrustroots({ realm1: { ...ours, ...trusted } }).find({
      authmethod: "cryptosign",
      request: { ...helloRequest({ authextra: { ...authextra } }), realm },
    });

  test("is one of the configuration", () => {
    expect(new StaticTrustroots({}).authprovider).toBe("static");
  });

  test("is the delegate, with role and realm of the root", async () => {
    for (const trustroot of [root.address, root.address.toUpperCase().replace("0X", "0x")]) {
      expect(await find({ trustroot, certificates }, "realm1", { realm: "realm2" })).toEqual({
        authid: checksumAddress(root.address),
        role: "user",
        realm: "realm2",
        authorized_keys: ["ab".repeat(32)],
      });
    }
  });

  test.each([undefined, 7, stranger.address])(
    "is none with the trustroot %p",
    async (trustroot) => {
      expect(await find({ trustroot, certificates })).toMatchObject({
        kind: "deny",
        uri: "wamp.error.authentication_denied",
      });
    },
  );

  test.each(["realm2", "__proto__"])("is none on the realm %s", async (realm) => {
    expect(await find({ trustroot: root.address, certificates }, realm)).toBeUndefined();
  });
});

test("only the key of the delegate's certificate is asked to sign", async () => {
  const begin = () => new CryptosignAuth(new StaticTrustroots({ realm1: ours }));
  const certificates = [delegateOf({}, root), authority(root, root)];
  const hello = (extra: object, realm = "realm1") => ({
    ...helloRequest({ authid: undefined, authextra: { ...extra } }),
    realm,
  });
  const pubkey = "ab".repeat(32);
  const trustroot = root.address;
  const outcome = await begin().hello(hello({ pubkey, trustroot, certificates }));
  expect(challengeOf(outcome)).toHaveProperty("challenge");
  expect(await begin().hello(hello({ pubkey, certificates }))).toMatchObject({
    kind: "deny",
    uri: "wamp.error.authentication_denied",
    message:
      "Cannot authenticate with cryptosign: authextra.trustroot is not the trusted root of this realm",
  });
  expect(await begin().hello(hello({ pubkey, trustroot }))).toMatchObject({
    kind: "deny",
    uri: "wamp.error.authentication_failed",
    message: "Cannot authenticate with cryptosign: authextra.certificates is not a list",
  });
  const broken = [delegateOf({}, stranger), authority(root, root)];
  expect(await begin().hello(hello({ pubkey, trustroot, certificates: broken }))).toMatchObject({
    kind: "deny",
    uri: "wamp.error.authentication_denied",
    message: expect.stringMatching(/^Cannot authenticate with cryptosign: .* \(CCR-8\)$/),
  });
  // A realm without a root, and another key, are challenged like any, in vain.
  for (const request of [
    hello({ pubkey, trustroot, certificates }, "realm2"),
    hello({ pubkey: "cd".repeat(32), trustroot, certificates }),
  ]) {
    const auth = begin();
    challengeOf(await auth.hello(request));
    expect(auth.authenticate("00".repeat(96))).toMatchObject({ kind: "deny" });
  }
});

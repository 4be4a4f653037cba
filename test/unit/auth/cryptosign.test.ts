import { describe, expect, test } from "bun:test";
import { createPrivateKey, sign as signOctets } from "node:crypto";
import { CryptosignAuth } from "#auth/cryptosign.ts";
import type { PrincipalQuery } from "#auth/principal.ts";
import { StaticKeys } from "#auth/static-keys.ts";
import { isEd25519Key } from "#base/ed25519.ts";
import { challengeOf, denied, helloRequest } from "../../support/hello-request.ts";
import { titled } from "../../support/titles.ts";
import { publicKey } from "../../support/wamp-clients.ts";

/** Private key, public key and signature of a challenge, of the WAMP specification's test vectors. */
const vector = {
  privkey: "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510",
  pubkey: "1adfc8bfe1d35616e64dffbd900096f23b066f914c8c2ffbb66f6075b96e116d",
  challenge: "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  signature:
    "b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0cae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03",
};
const other = "ff".repeat(32);

function sign(seed: string, message: string): string {
  const key = Buffer.from(`302e020100300506032b657004220420${seed}`, "hex");
  const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  return signOctets(null, Buffer.from(message, "hex"), privateKey).toHex() + message;
}

const principals = {
  alice: { authorized_keys: [publicKey(other), vector.pubkey], role: "user" },
  bob: { authorized_keys: [publicKey("aa".repeat(32))], role: "user", realm: "realm2" },
  keyless: { authorized_keys: [], role: "user" },
  twin1: { authorized_keys: [publicKey("bb".repeat(32))], role: "user" },
  twin2: { authorized_keys: [publicKey("bb".repeat(32))], role: "user" },
};
const begin = () => new CryptosignAuth(new StaticKeys(principals));
const hello = (authid: string | undefined, authextra: object = {}) =>
  helloRequest({ authid, authextra: { ...authextra } });

describe("cryptosign", () => {
  test("tries as many keys for an unknown authid as for one that is known", () => {
    const keys = { authorized_keys: ["aa".repeat(32), "bb".repeat(32)] };
    const claim = { authmethod: "cryptosign", request: hello("eve"), pendingSession: 1 };
    const decoy = new StaticKeys({ alice: { ...keys, role: "user" } }).decoy(claim);
    expect(decoy?.authorized_keys.filter(isEd25519Key)).toHaveLength(2);
    expect(decoy?.authorized_keys).not.toContain("aa".repeat(32));
  });

  test("refuses the key that is tried for unknown authids", async () => {
    // The private key of RFC 8032's first test vector is known to everybody.
    const known = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    for (const request of [
      hello("eve"),
      hello("keyless"),
      hello("alice", { pubkey: publicKey(known) }),
    ]) {
      const auth = begin();
      const { challenge } = challengeOf(await auth.hello(request));
      expect(await auth.authenticate(sign(known, String(challenge)))).toEqual(denied("cryptosign"));
    }
  });

  test("answers no sooner where there is no key to verify with", async () => {
    const fastest = async (request: ReturnType<typeof hello>) => {
      let least = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 20; round++) {
        const auth = begin();
        const { challenge } = challengeOf(await auth.hello(request));
        const signature = sign("cc".repeat(32), String(challenge));
        const start = performance.now();
        expect(auth.authenticate(signature)).toEqual(denied("cryptosign"));
        least = Math.min(least, performance.now() - start);
      }
      return least;
    };
    const withKey = await fastest(hello("alice", { pubkey: vector.pubkey }));
    for (const request of [hello("keyless"), hello("eve", { pubkey: vector.pubkey })]) {
      expect(await fastest(request)).toBeGreaterThan(withKey / 4);
    }
  });

  test("asks for the principal with the key that the client names, if it names one", async () => {
    const asked: unknown[] = [];
    const find = async ({ details }: PrincipalQuery) => void asked.push(details);
    const auth = new CryptosignAuth({ authprovider: "dynamic", find });
    await auth.hello(hello("alice"));
    await auth.hello(hello("alice", { pubkey: vector.pubkey }));
    expect(asked).toStrictEqual([{}, { pubkey: vector.pubkey }]);
  });

  test("a signature of the tests is that of the specification", () => {
    expect(publicKey(vector.privkey)).toBe(vector.pubkey);
    expect(sign(vector.privkey, vector.challenge)).toBe(vector.signature + vector.challenge);
  });

  test.each([
    ["alice", undefined, vector.privkey],
    ["alice", undefined, other],
    ["alice", vector.pubkey, vector.privkey],
    ["alice", vector.pubkey.toUpperCase(), vector.privkey],
    [undefined, vector.pubkey, vector.privkey],
  ])("accepts authid %p with key %p", async (authid, pubkey, privkey) => {
    const auth = begin();
    const authextra = pubkey === undefined ? {} : { pubkey };
    const proof = { challenge: "00".repeat(32), channel_binding: null };
    const chain = { trustroot: null, certificates: null };
    const outcome = await auth.hello(hello(authid, { ...authextra, ...proof, ...chain }));
    expect(outcome).toMatchObject({ authmethod: "cryptosign" });
    const extra = challengeOf(outcome);
    expect(extra).toEqual({
      challenge: expect.stringMatching(/^[0-9a-f]{64}$/),
      channel_binding: null,
    });
    expect(await auth.authenticate(sign(privkey, String(extra["challenge"])))).toEqual({
      kind: "accept",
      identity: {
        realm: "realm1",
        authid: "alice",
        authrole: "user",
        authmethod: "cryptosign",
        authprovider: "static",
        authextra,
      },
    });
  });

  test("leads a principal to its realm", async () => {
    const auth = begin();
    const { challenge } = challengeOf(await auth.hello(hello("bob")));
    const outcome = await auth.authenticate(sign("aa".repeat(32), String(challenge)));
    expect(outcome).toMatchObject({ kind: "accept", identity: { realm: "realm2" } });
  });

  test.each(
    titled(
      [
        ["alice", {}, "cc".repeat(32)],
        ["alice", { pubkey: publicKey("cc".repeat(32)) }, "cc".repeat(32)],
        ["alice", { pubkey: vector.pubkey }, other],
        ["alice", { pubkey: publicKey("aa".repeat(32)) }, "aa".repeat(32)],
        ["nobody", {}, vector.privkey],
        ["nobody", { pubkey: vector.pubkey }, vector.privkey],
        [undefined, { pubkey: publicKey("cc".repeat(32)) }, "cc".repeat(32)],
        [undefined, { pubkey: publicKey("bb".repeat(32)) }, "bb".repeat(32)],
      ],
      2,
    ),
  )("denies authid %s", async (_title, authid, authextra, privkey) => {
    const auth = begin();
    const { challenge } = challengeOf(await auth.hello(hello(authid, authextra)));
    expect(await auth.authenticate(sign(privkey, String(challenge)))).toEqual(denied("cryptosign"));
  });

  test.each([
    ["of another challenge", () => sign(vector.privkey, vector.challenge)],
    ["of nothing", () => ""],
    ["without its message", (challenge: string) => sign(vector.privkey, challenge).slice(0, 128)],
    ["of a longer message", (challenge: string) => sign(vector.privkey, `${challenge}00`)],
    ["that is no hex", (challenge: string) => `${"zz".repeat(64)}${challenge}`],
    ["of zeros", (challenge: string) => `${"00".repeat(64)}${challenge}`],
  ])("denies a signature %s", async (_name, signature) => {
    const auth = begin();
    const { challenge } = challengeOf(await auth.hello(hello("alice")));
    expect(await auth.authenticate(signature(String(challenge)))).toEqual(denied("cryptosign"));
  });

  test("takes one signature for each challenge", async () => {
    const auth = begin();
    const { challenge } = challengeOf(await auth.hello(hello("alice")));
    await auth.authenticate("");
    expect(await auth.authenticate(sign(vector.privkey, String(challenge)))).toEqual(
      denied("cryptosign"),
    );
  });

  test.each(
    titled(
      [
        [undefined, {}, "neither authid nor authextra.pubkey says who it is"],
        [undefined, { pubkey: null }, "neither authid nor authextra.pubkey says who it is"],
        ["alice", { pubkey: "abc" }, "authextra.pubkey is not a public key of 32 octets in hex"],
        ["alice", { pubkey: 7 }, "authextra.pubkey is not a public key of 32 octets in hex"],
        ["alice", { channel_binding: "tls-exporter" }, 'the only channel binding is "tls-unique"'],
        [
          "alice",
          { channel_binding: "tls-unique" },
          'channel binding "tls-unique" is there over TLS 1.2 only',
        ],
      ],
      2,
    ),
  )("refuses authid %s", async (_title, authid, authextra, state) => {
    expect(await begin().hello(hello(authid, authextra))).toEqual({
      kind: "deny",
      uri: "wamp.error.authentication_failed",
      message: `Cannot authenticate with cryptosign: ${state}`,
    });
  });

  test("a signature that is bound to a channel is good for this channel alone", async () => {
    const request = (id: string) => {
      const said = hello("alice", { channel_binding: "tls-unique" });
      const tlsUnique = () => Buffer.from(id, "hex");
      return { ...said, transport: { ...said.transport, tlsUnique } };
    };
    const unbound = request("0f".repeat(32));
    const auth = begin();
    const plain = challengeOf(await auth.hello({ ...unbound, authextra: {} }));
    const signature = sign(vector.privkey, String(plain["challenge"]));
    expect(await auth.authenticate(signature)).toMatchObject({ kind: "accept" });
    const bound = (challenge: unknown) =>
      Buffer.from(String(challenge), "hex").map((octet) => octet ^ 0x0f);
    for (const [channel, kind] of [
      ["0f".repeat(32), "accept"],
      ["f0".repeat(32), "deny"],
    ] as const) {
      const auth = begin();
      const extra = challengeOf(await auth.hello(request(channel)));
      expect(extra).toMatchObject({ channel_binding: "tls-unique" });
      const message = bound(extra["challenge"]).toHex();
      expect(await auth.authenticate(sign(vector.privkey, message))).toMatchObject({ kind });
    }
  });
});

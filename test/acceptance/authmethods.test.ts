/** Every authmethod with foreign clients, through a proxy worker and at a router worker. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, createHmac, pbkdf2Sync, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePort, startNode, type TemporaryNode } from "../support/temporary-node.ts";
import {
  hasPython,
  joinAllPython,
  joinAutobahn,
  joinAutobahn26,
  joinWampy,
  methodOf,
  type Proof,
  PYTHON,
  publicKey,
  type Serializer,
} from "../support/wamp-clients.ts";

const serializers: readonly Serializer[] = ["json", "msgpack", "cbor"];
const places = ["proxy", "router"] as const;
type Place = (typeof places)[number];

const portsOf = () => ({
  websocket: freePort(),
  rawsocket: freePort(),
  tls: freePort(),
  tlsRaw: freePort(),
  chain: freePort(),
});
const ports = { proxy: portsOf(), router: portsOf() };

const seed = "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510";
const otherSeed = "ff".repeat(32);

/** A right proof, and one that is nearly so. */
interface Case {
  name: string;
  right: Proof;
  wrong: Proof;
}

const ticket: Case = {
  name: "ticket",
  right: { authid: "alice", ticket: "secret1" },
  wrong: { authid: "alice", ticket: "secret2" },
};
const unsalted: Case = {
  name: "wampcra",
  right: { authid: "alice", secret: "secret1" },
  wrong: { authid: "alice", secret: "secret2" },
};
const salted: Case = {
  name: "wampcra (salted)",
  right: { authid: "bob", secret: "L3L1YUE8Txlw" },
  wrong: { authid: "bob", secret: "L3L1YUE8Txlv" },
};
const unknown: Case = {
  name: "wampcra (nobody)",
  right: { authid: "bob", secret: "L3L1YUE8Txlw" },
  wrong: { authid: "nobody", secret: "L3L1YUE8Txlw" },
};
const named: Case = {
  name: "cryptosign",
  right: { authid: "alice", privkey: seed },
  wrong: { authid: "alice", privkey: otherSeed },
};
const byKey: Case = {
  name: "cryptosign (by key)",
  right: { privkey: seed },
  wrong: { privkey: otherSeed },
};
const pbkdf2: Case = {
  name: "scram (pbkdf2)",
  right: { authid: "bob", password: "secret1" },
  wrong: { authid: "bob", password: "secret2" },
};
const scram: Case = {
  name: "scram",
  right: { authid: "alice", password: "secret1" },
  wrong: { authid: "alice", password: "secret2" },
};

const javascript = [ticket, unsalted, salted, unknown, named, byKey];

describe.if(hasPython && hasOpenssl)("authmethods", () => {
  let node: TemporaryNode;
  let folder: string;
  /** What a client with certificates says beside its key. */
  let authextra: { pubkey: string; trustroot: string; certificates: unknown[][] };

  beforeAll(async () => {
    folder = temporaryFolder({ password: "secret1\n" });
    for (const name of ["server", "client", "stranger"]) selfSigned(folder, name);
    authextra = certificatesIn(folder);
    const { fingerprint } = new X509Certificate(readFileSync(`${folder}/client.pem`));
    await Bun.write(`${folder}/node.json`, JSON.stringify(nodeConfig(fingerprint)));
    node = await startNode(folder);
  }, 30_000);

  afterAll(() => node.stop());

  describe.each(places)("through a %s", (place) => {
    const websocket = `ws://127.0.0.1:${ports[place].websocket}/`;
    const rawsocket = `rs://127.0.0.1:${ports[place].rawsocket}`;

    test.each(javascript)("JavaScript clients join by $name", async ({ right, wrong }) => {
      for (const serializer of serializers) {
        // wampy says an authid always.
        const clients =
          "authid" in right
            ? [joinAutobahn, joinAutobahn26, joinWampy]
            : [joinAutobahn, joinAutobahn26];
        for (const join of clients) {
          const client = await join(websocket, serializer, right);
          expect(client.identity).toEqual(identityOf(right));
          await client.registerEcho("com.example.echo");
          expect(await client.call("com.example.echo", ["hello"])).toEqual(["hello"]);
          await client.leave();
          await expect(join(websocket, serializer, wrong)).rejects.toThrow();
        }
      }
    });

    test("Autobahn for Python joins by every authmethod in every serializer", async () => {
      const joins = [ticket, unsalted, salted, unknown, named, byKey, scram, pbkdf2].flatMap(
        (one) =>
          serializers.flatMap((serializer) =>
            [websocket, rawsocket].flatMap((url) => [
              { url, serializer, auth: one.right },
              { url, serializer, auth: one.wrong },
            ]),
          ),
      );
      const outcomes = await joinAllPython(joins);
      joins.forEach(({ auth }, number) => {
        const isRight = number % 2 === 0;
        const joined = { joined: identityOf(auth), answer: [number, "Grüße"] };
        const method = methodOf(auth);
        const refused = `wamp.error.authentication_denied Cannot authenticate with ${method}: authid or proof is not valid`;
        expect(outcomes[number]).toEqual(isRight ? joined : { refused });
      });
    }, 60_000);

    test("Autobahn for Python joins by its certificate, and binds its signature to TLS", async () => {
      const certificate = { certificate: true } as const;
      const bound = { authid: "alice", privkey: seed, channelBinding: "tls-unique" } as const;
      const ca = `${folder}/server.pem`;
      const own = { ca, certificate: `${folder}/client.pem`, key: `${folder}/client.key` };
      const other = { ca, certificate: `${folder}/stranger.pem`, key: `${folder}/stranger.key` };
      const url = `wss://localhost:${ports[place].tls}/`;
      const rawUrl = `rss://localhost:${ports[place].tlsRaw}`;
      expect(
        await joinAllPython([
          { url, serializer: "cbor", auth: certificate, tls: own },
          { url: rawUrl, serializer: "json", auth: certificate, tls: own },
          { url, serializer: "msgpack", auth: certificate, tls: other },
          { url, serializer: "json", auth: bound, tls: { ...own, maximum: "1.2" } },
          { url, serializer: "json", auth: bound, tls: own },
        ]),
      ).toEqual([
        { joined: identityOf(certificate), answer: [0, "Grüße"] },
        { joined: identityOf(certificate), answer: [1, "Grüße"] },
        {
          refused:
            "wamp.error.authentication_denied Cannot authenticate with tls: authid or proof is not valid",
        },
        { joined: identityOf(bound), answer: [3, "Grüße"] },
        {
          refused:
            'wamp.error.authentication_failed Cannot authenticate with cryptosign: channel binding "tls-unique" is there over TLS 1.2 only',
        },
      ]);
    }, 60_000);
  });

  test.each(places)(
    "Autobahn for Python joins by certificates (%s)",
    async (place) => {
      const url = `ws://127.0.0.1:${ports[place].chain}/`;
      const [first, ...rest] = authextra.certificates as [unknown[], ...unknown[][]];
      const [hash, data] = first;
      const unsigned = { ...authextra, certificates: [[hash, data, "00".repeat(65)], ...rest] };
      const join = (privkey: string, said: object) => {
        const auth = { privkey, authextra: { ...said, pubkey: publicKey(privkey) } };
        return { url, serializer: "cbor", auth } as const;
      };
      const why = "Cannot authenticate with cryptosign:";
      const [denied, failed] = [
        "wamp.error.authentication_denied",
        "wamp.error.authentication_failed",
      ];
      expect(
        await joinAllPython([
          join(seed, authextra),
          join(seed, unsigned),
          join(seed, { trustroot: authextra.trustroot }),
          join(otherSeed, authextra),
        ]),
      ).toEqual([
        {
          joined: {
            realm: "realm1",
            authid: "0x3325a78425F17a7E487Eb5666b2bFd93aBb06c70",
            authrole: "user",
            authmethod: "cryptosign",
            authprovider: "static",
          },
          answer: [0, "Grüße"],
        },
        {
          refused: `${denied} ${why} the signature of certificate 0 is not that of 0x3325a78425f17a7e487eb5666b2bfd93abb06c70`,
        },
        { refused: `${failed} ${why} authextra.certificates is not a list` },
        { refused: `${denied} ${why} authid or proof is not valid` },
      ]);
    },
    60_000,
  );

  test("no secret and no proof is told to the log", async () => {
    await node.untilOutput(/client refused/);
    for (const told of ["secret1", "secret2", "L3L1YUE8Txlw", seed]) {
      expect(node.output()).not.toContain(told);
    }
  });
});

function identityOf(proof: Proof) {
  const authid = ("authid" in proof && proof.authid) || "alice";
  const authmethod = methodOf(proof);
  return { realm: "realm1", authid, authrole: "user", authmethod, authprovider: "static" };
}

/** What Autobahn derives of the password `secret1`, with fewer iterations than it takes itself. */
function argon2Principal(): object {
  const salt = "2bd806c97f0e00af1a1fc3328fa763a9";
  const script = `
import base64, hashlib, hmac, json
from autobahn.wamp.auth import _hash_argon2id13_secret as derive
salted = derive(b"secret1", base64.b64encode(bytes.fromhex("${salt}")), 8, 512)
client, server = (hmac.new(salted, name, hashlib.sha256) for name in (b"Client Key", b"Server Key"))
stored = hashlib.sha256(client.digest())
print(json.dumps({"stored-key": stored.hexdigest(), "server-key": server.hexdigest()}))
`;
  const { stdout, stderr } = Bun.spawnSync([PYTHON, "-c", script]);
  if (stdout.length === 0) throw new Error(stderr.toString());
  const keys = JSON.parse(stdout.toString()) as object;
  return { kdf: "argon2id-13", iterations: 8, memory: 512, salt, ...keys, role: "user" };
}

function pbkdf2Principal(): object {
  const salt = "5b6d99689d12358eecaa04b14236fa81";
  const salted = pbkdf2Sync("secret1", Buffer.from(salt, "hex"), 4096, 32, "sha256");
  const hmac = (name: string) => createHmac("sha256", salted).update(name).digest();
  return {
    kdf: "pbkdf2",
    iterations: 4096,
    salt,
    "stored-key": createHash("sha256").update(hmac("Client Key")).digest("hex"),
    "server-key": hmac("Server Key").toString("hex"),
    role: "user",
  };
}

function certificatesIn(folder: string) {
  const script = resolve(import.meta.dir, "../python/certificates.py");
  const { stdout, stderr } = Bun.spawnSync([PYTHON, script, folder, seed]);
  if (stdout.length === 0) throw new Error(stderr.toString());
  return JSON.parse(stdout.toString());
}

function nodeConfig(fingerprint: string): object {
  const auth = {
    ticket: {
      type: "static",
      principals: { alice: { ticket: { file: "password" }, role: "user" } },
    },
    wampcra: {
      type: "static",
      users: {
        alice: { secret: { file: "password" }, role: "user" },
        bob: {
          secret: "L3L1YUE8Txlw",
          salt: "salt123",
          iterations: 1000,
          keylen: 32,
          role: "user",
        },
      },
    },
    scram: { type: "static", principals: { alice: argon2Principal(), bob: pbkdf2Principal() } },
    cryptosign: {
      type: "static",
      principals: { alice: { authorized_keys: [publicKey(seed)], role: "user" } },
    },
  };
  const tls = {
    type: "static",
    principals: { alice: { "certificate-sha1": fingerprint, role: "user" } },
  };
  const listeners = (place: Place) => {
    const { websocket, rawsocket, tls: secure, tlsRaw, chain } = ports[place];
    // Wrong proofs come by the hundred here, all from one address.
    const options = { max_auth_failures_per_minute: 0 };
    const endpoint = (port: number) => ({ type: "tcp", interface: "127.0.0.1", port });
    const files = {
      key: "server.key",
      certificate: "server.pem",
      ca_certificates: ["client.pem", "stranger.pem"],
    };
    return [
      { type: "websocket", endpoint: endpoint(websocket), auth, options },
      { type: "rawsocket", endpoint: endpoint(rawsocket), auth, options },
      {
        type: "websocket",
        endpoint: { ...endpoint(secure), tls: files },
        auth: { tls, cryptosign: auth.cryptosign },
        options,
      },
      { type: "rawsocket", endpoint: { ...endpoint(tlsRaw), tls: files }, auth: { tls }, options },
      {
        type: "websocket",
        endpoint: endpoint(chain),
        auth: {
          cryptosign: { type: "static", trustroots: { realm1: { certificate: "root.crt" } } },
        },
        options,
      },
    ];
  };
  const allow = { call: true, register: true, publish: true, subscribe: true };
  return {
    version: 2,
    workers: [
      {
        type: "router",
        realms: [
          {
            name: "realm1",
            roles: [{ name: "user", permissions: [{ uri: "", match: "prefix", allow }] }],
          },
        ],
        transports: [
          {
            type: "rawsocket",
            endpoint: { type: "unix", path: "router.sock" },
            auth: { "anonymous-proxy": { type: "static" } },
          },
          ...listeners("router"),
        ],
      },
      {
        type: "proxy",
        connections: {
          conn1: {
            transport: {
              type: "rawsocket",
              endpoint: { type: "unix", path: "router.sock" },
              serializer: "cbor",
            },
          },
        },
        routes: { realm1: { user: "conn1" } },
        transports: listeners("proxy"),
      },
    ],
  };
}

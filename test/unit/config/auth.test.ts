import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadNodeConfig } from "#config/load.ts";
import { transportsOf } from "../../support/loaded-node.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { titled } from "../../support/titles.ts";

const folder = temporaryFolder();
writeFileSync(join(folder, "secret"), "s3cret\r\n");
writeFileSync(join(folder, "two-lines"), "one\ntwo\n\n");
writeFileSync(join(folder, "empty"), "\n");
writeFileSync(join(folder, "octets"), Buffer.from("ff00", "hex"));
mkdirSync(join(folder, "directory"));

/** Loads a proxy with a WebSocket of these attributes. */
async function load(transport: object, env: Record<string, string> = {}) {
  const file = join(folder, "node.json");
  const endpoint = { type: "tcp", port: 8080 };
  const node = {
    version: 2,
    workers: [
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
        routes: { realm1: { anonymous: "conn1", user: "conn1" } },
        transports: [{ type: "websocket", endpoint, ...transport }],
      },
    ],
  };
  writeFileSync(file, JSON.stringify(node));
  const { config, faults, warnings } = await loadNodeConfig(file, env);
  const told = (list: typeof faults) =>
    list.map(({ path, sentence }) =>
      `${path}: ${sentence}`.replace("$.workers[0].transports[0].", ""),
    );
  const [loaded] = transportsOf(config);
  const auth = loaded !== undefined && "auth" in loaded ? loaded.auth : undefined;
  return { auth, faults: told(faults), warnings: told(warnings) };
}

const hex = (octets: number) => "0aF".repeat(octets).slice(0, 2 * octets);
const argon = {
  kdf: "argon2id-13",
  iterations: 8,
  memory: 512,
  salt: hex(16),
  "stored-key": hex(32),
  "server-key": hex(32),
};

test("normalizes every authmethod", async () => {
  const auth = {
    wampcra: {
      type: "static",
      users: {
        joe: { secret: "one", role: "user" },
        jane: { secret: "two", salt: "salt", iterations: 1000, keylen: 32, role: "user" },
      },
    },
    scram: { type: "static", principals: { joe: { ...argon, role: "user" } } },
    cryptosign: {
      type: "static",
      principals: { joe: { authorized_keys: [hex(32)], role: "user", realm: "realm1" } },
    },
    cookie: {},
  };
  const options = { allowed_origins: ["https://example.com"] };
  const loaded = await load({ auth, cookie: {}, options });
  expect(loaded).toEqual({
    auth: {
      ...auth,
      scram: {
        type: "static",
        principals: {
          joe: {
            ...argon,
            role: "user",
            salt: hex(16).toLowerCase(),
            "stored-key": hex(32).toLowerCase(),
            "server-key": hex(32).toLowerCase(),
          },
        },
      },
      cryptosign: {
        type: "static",
        principals: {
          joe: { authorized_keys: [hex(32).toLowerCase()], role: "user", realm: "realm1" },
        },
      },
    },
    faults: [],
    warnings: [],
  } as never);
});

const withCra = (user: object) => ({ wampcra: { type: "static", users: { joe: user } } });
const withScram = (principal: object, authid = "joe") => ({
  scram: { type: "static", principals: { [authid]: principal } },
});
const withKeys = (principals: object) => ({ cryptosign: { type: "static", principals } });
const withRoots = (trustroots: object) => ({ cryptosign: { type: "static", trustroots } });
const withTls = (principal: object) => ({
  tls: { type: "static", principals: { joe: principal } },
});
const cra = "auth.wampcra.users.joe";

test.each(
  titled(
    [
      [
        withCra({ secret: "s3cret", salt: "salt" }),
        `${cra}: expected salt, iterations and keylen together, found no "iterations" and no "keylen"`,
      ],
      [withCra({}), `${cra}.secret: required attribute is missing`],
      [
        { wampcra: { type: "static", users: { joe: "secret1" } } },
        "auth.wampcra.users.joe: expected object, found a string",
      ],
      [
        { wampcra: { type: "static", users: "secret1" } },
        "auth.wampcra.users: expected object, found a string",
      ],
      [{ ticket: "secret1" }, "auth.ticket: expected object, found a string"],
      [withCra({ secret: "s", role: 1234 }), `${cra}.role: expected string, found a number`],
      [
        withCra({ secret: 1234 }),
        `${cra}.secret: expected a text or {"file": "…"}, found a number`,
      ],
      [withCra({ secret: "" }), `${cra}.secret: expected a text, found an empty one`],
      [
        withCra({ secret: { path: "secret" } }),
        `${cra}.secret: expected a text or {"file": "…"}, found something else`,
      ],
      [
        withCra({ secret: { file: "nothing" } }),
        `${cra}.secret.file: Cannot read the secret from "${folder}/nothing": no such file`,
      ],
      [
        withCra({ secret: { file: "directory" } }),
        `${cra}.secret.file: Cannot read the secret from "${folder}/directory": it is a directory`,
      ],
      [
        withCra({ secret: { file: "empty" } }),
        `${cra}.secret.file: Cannot read the secret from "${folder}/empty": it is empty`,
      ],
      [
        withCra({ secret: { file: "octets" } }),
        `${cra}.secret.file: Cannot read the secret from "${folder}/octets": it is not UTF-8 text`,
      ],
      [
        withCra({ secret: "s", salt: "s", iterations: 0, keylen: 32 }),
        `${cra}.iterations: expected an integer from 1 to 10000000, found 0`,
      ],
      [
        withScram({ ...argon, memory: undefined }),
        'auth.scram.principals.joe: argon2id-13 needs "memory", in KiB',
      ],
      [
        withScram({ ...argon, "stored-key": hex(31) }),
        'auth.scram.principals.joe["stored-key"]: expected 32 octets in hex, found something else',
      ],
      [
        withScram({ ...argon, salt: "no hex" }),
        "auth.scram.principals.joe.salt: expected octets in hex, found something else",
      ],
      [
        withScram({ ...argon, kdf: "argon2i" }),
        'auth.scram.principals.joe.kdf: expected "pbkdf2" or "argon2id-13", found "argon2i"; did you mean "argon2id-13"?',
      ],
      [
        withScram(argon, "Jürgen"),
        'auth.scram.principals["Jürgen"]: expected an authid of printable ASCII: no other is signed by all clients',
      ],
      [
        withKeys({ joe: { authorized_keys: [hex(31)] } }),
        "auth.cryptosign.principals.joe.authorized_keys[0]: expected 32 octets in hex, found something else",
      ],
      [
        {
          cryptosign: {
            type: "static",
            principals: { joe: { authorized_keys: [hex(32)], role: "user" } },
            trustroots: {},
          },
        },
        'auth.cryptosign: expected either "principals" or "trustroots"',
      ],
      [
        withRoots({ realm1: {} }),
        "auth.cryptosign.trustroots.realm1: required attribute is missing: certificate",
      ],
      [
        withRoots({ realm1: { certificate: "nothing" } }),
        `auth.cryptosign.trustroots.realm1.certificate: Cannot read the certificate "${folder}/nothing": no such file`,
      ],
      [
        withRoots({ realm1: { certificate: "secret" } }),
        `auth.cryptosign.trustroots.realm1.certificate: Cannot read the certificate "${folder}/secret": it is no CBOR`,
      ],
      [
        withTls({ "certificate-sha1": "AA:BB" }),
        'auth.tls.principals.joe["certificate-sha1"]: expected a fingerprint of 20 octets in hex, found something else',
      ],
      [
        { ticket: { type: "function", create: "make" } },
        'auth.ticket.create: expected module.name, found "make"',
      ],
      [
        { ticket: { type: "function", create: "a.b", "authenticator-timeout": 99 } },
        'auth.ticket["authenticator-timeout"]: expected an integer from 100 to 60000, found 99',
      ],
    ] as const,
    1,
  ),
)("refuses %s", async (_title, auth, fault) => {
  const { faults } = await load({ auth });
  expect(faults).toEqual([fault]);
});

describe("warns, as Crossbar starts, of authmethods with which nobody can join", () => {
  test.each(
    titled<[auth: object, warning: string]>([
      [{}, "auth: no authmethod is configured, so nobody can join"],
      [
        withKeys({ joe: { authorized_keys: [] } }),
        "auth.cryptosign.principals.joe.authorized_keys: there is no key, so nobody can join as this principal",
      ],
      [
        withTls({ "certificate-sha1": hex(20) }),
        "auth.tls: has no effect: the endpoint asks for no client certificate; it needs tls.ca_certificates",
      ],
      [
        { anonymous: { type: "static" }, cookie: {} },
        'auth.cookie: has no effect: no cookie is issued here; it needs "cookie" beside "auth"',
      ],
      ...[
        ["0x0123456789012345678901234567890123456789", {}],
        ["wamp-proto.eth", { certificate: "nothing" }],
        ["realm1", { trustroot: "wamp-proto.eth", role: "nobody" }],
      ].map(([realm, root]): [object, string] => [
        withRoots({ [String(realm)]: root }),
        `auth.cryptosign.trustroots${realm === "realm1" ? ".realm1" : `["${realm}"]`}: not honoured: nothing is looked up on a blockchain, so no client joins by it`,
      ]),
    ]),
  )("%s", async (_title, auth, warning) => {
    const { faults, warnings } = await load({ auth });
    expect(faults).toEqual([]);
    expect(warnings).toContain(warning);
  });

  test("a cookie alone", async () => {
    const { faults, warnings } = await load({ auth: { cookie: {} }, cookie: {} });
    expect(faults).toEqual([]);
    expect(warnings).toContain(
      "auth: cookie is the only authmethod, so nobody can join a first time",
    );
  });
});

test("warns of what makes a difference", async () => {
  const auth = {
    ...withKeys({
      joe: { authorized_keys: [hex(32)], role: "user" },
      jane: { authorized_keys: [hex(32).toUpperCase()], role: "admin" },
    }),
    ...withScram({ ...argon, kdf: "pbkdf2", role: "user" }),
    cookie: {},
  };
  const { warnings } = await load({ auth, cookie: {} });
  expect(warnings.toSorted()).toEqual([
    "auth.cookie: pages of every origin can join in a visitor's name; list allowed_origins",
    'auth.cryptosign.principals.jane.authorized_keys[0]: "joe" has this key too, so clients with it have to say their authid',
    'auth.cryptosign.principals.jane: no route has role "admin", so clients that get it cannot join',
    "auth.scram.principals.joe.memory: not honoured: pbkdf2 needs no memory",
  ]);
});

test.each([
  ["ticket", { principals: { joe: { ticket: "x" } } }, "principals"],
  ["wampcra", { users: { joe: { secret: "x" } } }, "users"],
  ["cryptosign", { principals: { joe: { authorized_keys: ["00".repeat(32)] } } }, "principals"],
])("a principal of %s without a role gets none, as in Crossbar", async (method, rest, list) => {
  const { auth, warnings } = await load({ auth: { [method]: { type: "static", ...rest } } });
  expect(auth).toEqual({ [method]: { type: "static", ...rest } });
  expect(warnings).toEqual([
    `auth.${method}.${list}.joe: it has no role, so clients cannot join as this principal`,
  ]);
});

test("takes secrets from the environment and from files, and a text that looks like a file as it is", async () => {
  const users = {
    env: { secret: "$" + "{SECRET}" },
    other: { secret: "$" + "{my-secret.1}" },
    file: { secret: { file: "secret" } },
    absolute: { secret: { file: join(folder, "two-lines") } },
    text: { secret: "file:secret" },
  };
  const { auth } = await load(
    { auth: { wampcra: { type: "static", users } } },
    { SECRET: "env", "my-secret.1": "other" },
  );
  expect(auth).toEqual({
    wampcra: {
      type: "static",
      users: {
        env: { secret: "env" },
        other: { secret: "other" },
        file: { secret: "s3cret" },
        absolute: { secret: "one\ntwo\n" },
        text: { secret: "file:secret" },
      },
    },
  });
});

test.each(["constructor", "prototype", "__proto__"])("refuses the name %p", async (name) => {
  const named = JSON.parse(`{"${name}": {"ticket": "s3cret"}}`);
  const { faults } = await load({ auth: { ticket: { type: "static", principals: named } } });
  expect(faults.join()).toContain(`the attribute name "${name}" is not allowed`);
});

test.each(["constructor", "prototype"])("refuses the attribute %p of an item", async (name) => {
  const { faults } = await load({ [name]: 1, auth: { anonymous: { type: "static" } } });
  expect(faults.join()).toContain(`the attribute name "${name}" is not allowed`);
});

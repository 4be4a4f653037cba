/** `auth` of paths of type `caller`, `publisher` and `sse`. */

import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { loadNode, nodeWith } from "../../support/loaded-node.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { titled } from "../../support/titles.ts";

const { publicKey } = generateKeyPairSync("ed25519");
const folder = temporaryFolder({
  "keys.json": { keys: [publicKey.export({ format: "jwk" })] },
  "empty.json": { keys: [] },
});
const file = join(folder, "keys.json");

const web = "$.workers[1].transports[0].paths";
const at = `${web}.bridge`;
const url = "https://login.example/keys";
const secret = "a secret of 32 octets, no fewer.";
const bearer = { issuer: "https://login.example", audience: "crossproxy", jwks_url: url };
const bridge = (tokens: object, others: object = {}) => ({
  type: "caller",
  realm: "realm1",
  auth: { bearer: { ...bearer, ...tokens } },
  ...others,
});
const load = (service: object, env = {}) => loadNode(nodeWith(at, service), env);
const loaded = (config: unknown) =>
  (config as { workers: { transports: { paths: { bridge: unknown } }[] }[] }).workers[1]
    ?.transports[0]?.paths.bridge;

describe("bearer tokens", () => {
  test.each(["caller", "publisher", "sse"])("%s has them with their defaults", async (type) => {
    const { config, faults, warnings } = await load(bridge({}, { type }));
    expect([...faults, ...warnings]).toEqual([]);
    expect(loaded(config)).toMatchObject({
      type,
      role: null,
      auth: {
        bearer: {
          issuer: "https://login.example",
          audience: ["crossproxy"],
          keys: { type: "url", url, refresh_interval: 300_000, lifetime: 86_400_000 },
          algorithms: [
            "ES256",
            "ES384",
            "ES512",
            "EdDSA",
            "Ed25519",
            "PS256",
            "PS384",
            "PS512",
            "RS256",
            "RS384",
            "RS512",
          ],
          clock_tolerance: 60,
          authid_claim: ["sub"],
          authrole_claim: ["role"],
          roles: null,
          scopes: [],
        },
        cookie: null,
      },
    });
  });

  test("have every option, and keys in a file", async () => {
    const tokens = {
      audience: ["a", "b"],
      jwks_url: undefined,
      jwks_file: file,
      algorithms: ["EdDSA"],
      clock_tolerance: 0,
      authid_claim: "email",
      authrole_claim: ["realm_access", "roles"],
      roles: ["anonymous"],
      scopes: ["wamp:call"],
    };
    const { config, faults, warnings } = await load(bridge(tokens, { role: "anonymous" }));
    expect([...faults, ...warnings]).toEqual([]);
    const { jwks_url, jwks_file, ...kept } = tokens;
    const keys = { type: "file", file };
    expect(loaded(config)).toMatchObject({
      role: "anonymous",
      auth: { bearer: { ...kept, authid_claim: ["email"], keys } },
    });
  });

  test("have a secret out of the environment", async () => {
    const written = { jwks_url: undefined, secret: `\${SECRET}` };
    const { config, faults, warnings } = await load(bridge(written), { SECRET: secret });
    expect([...faults, ...warnings]).toEqual([]);
    const keys = { type: "secret", secret };
    expect(loaded(config)).toMatchObject({ auth: { bearer: { keys, algorithms: ["HS256"] } } });
  });

  test("have a random secret, and a warning, where the variable is not set", async () => {
    const written = { jwks_url: undefined, secret: `\${SECRET}`, algorithms: ["HS512"] };
    const { config, faults, warnings } = await load(bridge(written));
    expect(faults).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("SECRET is not set, so a random secret")]);
    const keys = { type: "secret", secret: expect.stringMatching(/^.{36}$/) };
    expect(loaded(config)).toMatchObject({ auth: { bearer: { keys } } });
  });

  const bySecret = (changes: object = {}) => ({ jwks_url: undefined, secret, ...changes });
  test.each(
    titled<[object, string]>(
      [
        [{ issuer: undefined }, "issuer: required attribute is missing"],
        [{ audience: undefined }, "audience: required attribute is missing"],
        [{ audience: [] }, "audience: expected at least one text, found none"],
        [{ audience: 7 }, "audience: expected a text or a list of texts, found something else"],
        [{ jwks_url: "ftp://a" }, "jwks_url: expected an http or https URL"],
        [{ jwks_url: "https://a:b@c/" }, "jwks_url: expected an http or https URL"],
        [{ jwks_url: "https://a:99999/" }, "jwks_url: expected an http or https URL"],
        [{ algorithms: [] }, "algorithms: expected at least one algorithm, found none"],
        [{ algorithms: ["none"] }, "algorithms[0]: expected "],
        [
          { algorithms: ["ES256", "HS256"] },
          'algorithms[1]: "HS256" is for secrets, and the keys are public',
        ],
        [bySecret({ algorithms: ["RS256"] }), 'algorithms[0]: "RS256" is for key pairs'],
        [bySecret({ secret: "short" }), "secret: expected at least 32 octets for HS256, found 5"],
        [
          bySecret({ algorithms: ["HS384"] }),
          "secret: expected at least 48 octets for HS384, found 32",
        ],
        [{ clock_tolerance: 601 }, "clock_tolerance: expected an integer from 0 to 600"],
        [{ roles: [] }, "roles: expected at least one role, found none"],
        [{ scopes: ["a b"] }, "scopes[0]: expected a scope without blanks and quotes"],
        [
          { jwks_lifetime: 200_000 },
          "jwks_lifetime: expected 300000 or more: jwks_refresh_interval is longer",
        ],
      ],
      1,
    ),
  )("%s is refused", async (_, tokens, sentence) => {
    const { faults } = await load(bridge(tokens));
    expect(faults).toEqual([expect.stringContaining(`${at}.auth.bearer.${sentence}`)]);
    expect(faults[0]).not.toContain("short");
  });

  test.each([
    [{ jwks_url: undefined }, "none"],
    [{ secret }, '"jwks_url" and "secret"'],
    [{ secret, jwks_file: file }, '"jwks_url" and "jwks_file" and "secret"'],
  ])("%p is refused", async (tokens, found) => {
    const { faults } = await load(bridge(tokens));
    expect(faults).toContain(
      `${at}.auth.bearer: expected one of "jwks_url", "jwks_file" and "secret", found ${found}`,
    );
  });

  test.each([
    ["none.json", "no such file"],
    ["empty.json", "it has no public key for signatures"],
  ])("keys in %s are refused", async (name, state) => {
    const jwks_file = join(folder, name);
    const { faults } = await load(bridge({ jwks_url: undefined, jwks_file }));
    expect(faults).toEqual([
      `${at}.auth.bearer.jwks_file: Cannot read the keys from "${jwks_file}": ${state}`,
    ]);
  });

  test.each(
    titled<[object, string]>([
      [
        { jwks_url: "http://login.example/keys" },
        "auth.bearer.jwks_url: over http, keys can be exchanged on their way",
      ],
      [
        { roles: ["anonymous", "boss"] },
        'auth.bearer.roles[1]: route "realm1" lacks role "boss", so requests with tokens that name it',
      ],
      [
        bySecret({ jwks_lifetime: 60_000 }),
        "auth.bearer.jwks_lifetime: has no effect: jwks_url is not given",
      ],
      [
        bySecret({ jwks_refresh_interval: 60_000 }),
        "auth.bearer.jwks_refresh_interval: has no effect: jwks_url is not given",
      ],
    ]),
  )("%s is warned of", async (_, tokens, sentence) => {
    const { faults, warnings } = await load(bridge(tokens));
    expect(faults).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(`${at}.${sentence}`)]);
  });

  test.each(["http://localhost:1/", "http://127.0.0.1/keys", "http://[::1]:8080/"])(
    "keys of this machine at %s need no TLS",
    async (jwks_url) => {
      expect((await load(bridge({ jwks_url }))).warnings).toEqual([]);
    },
  );

  test("a realm and a role that nothing leads to are warned of", async () => {
    const nowhere = await load(bridge({}, { realm: "realm9" }));
    expect(nowhere.warnings).toEqual([
      `${at}.realm: no route "realm9" exists, so nothing is called`,
    ]);
    const boss = await load(bridge({}, { role: "boss" }));
    expect(boss.warnings).toEqual([
      `${at}.role: route "realm1" lacks role "boss", so nothing is called`,
    ]);
  });

  test("a role is required where there is no auth", async () => {
    for (const type of ["caller", "publisher", "sse"]) {
      const { faults } = await load({ type, realm: "realm1" });
      expect(faults).toEqual([`${at}.role: required attribute is missing`]);
    }
  });
});

describe("logins by cookie", () => {
  const ticket = { type: "static", principals: { joe: { ticket: "a", role: "anonymous" } } };
  const login = (others: object = {}) => ({
    type: "websocket",
    cookie: {},
    auth: { cookie: {}, ticket },
    options: { allowed_origins: ["https://a.example"] },
    ...others,
  });
  const stream = (cookie: object, others: object = {}) => ({
    type: "sse",
    realm: "realm1",
    auth: { cookie },
    ...others,
  });
  /** Loads a transport with these paths alone. */
  const loadPaths = (paths: object) => loadNode(nodeWith(web, paths));

  test("take the cookie of the only WebSocket, or of the one that is named", async () => {
    const websockets = [
      [{ ws: login(), events: stream({}) }, null],
      [{ ws: login(), other: login(), events: stream({ websocket: "/ws" }) }, "/ws"],
      [{ "/": login(), events: stream({ websocket: "/" }) }, ""],
      [
        {
          deep: {
            type: "path",
            paths: { ws: login(), events: stream({ websocket: "/deep/ws/" }) },
          },
        },
        "/deep/ws",
      ],
    ] as const;
    for (const [paths, websocket] of websockets) {
      const { config, faults, warnings } = await loadPaths(paths);
      expect([...faults, ...warnings]).toEqual([]);
      expect(JSON.stringify(config)).toContain(
        `"auth":{"bearer":null,"cookie":${JSON.stringify({ websocket })}}`,
      );
    }
  });

  const NEEDS = 'expected the path of a WebSocket with "cookie" and the authmethod "cookie"';
  test.each(
    titled<[object, string]>(
      [
        [{ events: stream({}) }, `cookie: ${NEEDS}, which this transport lacks`],
        [
          { ws: login({ cookie: undefined, auth: { ticket } }), events: stream({}) },
          `cookie: ${NEEDS}, which this transport lacks`,
        ],
        [
          { ws: login({ auth: { ticket } }), events: stream({}) },
          `cookie: ${NEEDS}, which this transport lacks`,
        ],
        [
          { ws: login(), other: login(), events: stream({}) },
          'cookie: expected "websocket", because several have such a cookie: /ws, /other',
        ],
        [
          { ws: login(), events: stream({ websocket: "/w" }) },
          `cookie.websocket: ${NEEDS}, found "/w"`,
        ],
        [
          { ws: login(), events: stream({ websocket: "ws" }) },
          'cookie.websocket: expected a path such as "/ws"',
        ],
      ],
      1,
    ),
  )("%s is refused", async (_, paths, sentence) => {
    const { faults } = await loadPaths(paths);
    expect(faults).toEqual([expect.stringContaining(`${web}.events.auth.${sentence}`)]);
  });

  test("need a method at all", async () => {
    const { faults } = await load({ type: "sse", realm: "realm1", auth: {} });
    expect(faults).toEqual([`${at}.auth: expected "bearer" or "cookie", found neither`]);
  });

  test("a role beside them, and a cookie that browsers do not send, are warned of", async () => {
    const role = await loadPaths({ ws: login(), events: stream({}, { role: "anonymous" }) });
    expect(role.warnings).toEqual([
      `${web}.events.role: has no effect: the role is that of the login for which the cookie stands`,
    ]);
    const deep = { type: "path", paths: { ws: login() } };
    const scope = await loadPaths({ deep, events: stream({}) });
    expect(scope.warnings).toEqual([
      `${web}.events.auth.cookie: browsers send the cookie of /deep/ws only to paths below /deep/`,
    ]);
  });

  test("work on a universal transport", async () => {
    const universal = {
      type: "universal",
      endpoint: { type: "unix", path: "u.sock" },
      websocket: { ws: login() },
      web: { paths: { events: stream({}), other: stream({ websocket: "/w" }) } },
    };
    const { faults } = await loadNode(nodeWith("$.workers[1].transports[1]", universal));
    expect(faults).toEqual([
      `$.workers[1].transports[1].web.paths.other.auth.cookie.websocket: ${NEEDS}, found "/w"`,
    ]);
  });

  test("are not for calls and publications", async () => {
    const service = { type: "caller", realm: "realm1", auth: { bearer, cookie: {} } };
    expect((await load(service)).faults).toEqual([
      expect.stringContaining('unknown attribute "cookie"'),
    ]);
  });
});

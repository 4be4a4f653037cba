/** Which tickets of type `jwt` are accepted, as which clients, and what the others are told. */

import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beginAuth } from "#auth/authmethods.ts";
import type { HelloRequest } from "#auth/pending-auth.ts";
import type { TicketTokens } from "#auth/ticket-tokens.ts";
import type { TokenTicketConfig } from "#config/auth/token-config.ts";
import { WorkerTicketTokens } from "#worker/worker-ticket-tokens.ts";
import { authContext, helloRequest } from "../../support/hello-request.ts";
import { keptLog } from "../../support/kept-log.ts";
import { quiet } from "../../support/quiet-context.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import {
  type ChangedClaims,
  claimsOf,
  ISSUER,
  issuerKey,
  keySet,
  openTicketTokens,
  SECRET,
  sign,
  tokenPart,
  tokenTicket,
} from "../../support/tokens.ts";
import { rawSocketTransport, webSocketTransport } from "../../support/transports.ts";

const key = await issuerKey("key1");
const now = Math.floor(Date.now() / 1000);

/** Sends a ticket, and gives what comes of it. */
async function outcomeOf(
  token: string,
  ticket: TokenTicketConfig,
  tokens: TicketTokens | undefined,
  hello: Partial<HelloRequest> = {},
) {
  const askable = { ...authContext.askable, ticketTokens: tokens };
  const pending = beginAuth("ticket", { ticket }, { ...authContext, askable });
  expect(await pending?.hello(helloRequest(hello))).toEqual({
    kind: "challenge",
    authmethod: "ticket",
    extra: {},
  });
  return pending?.authenticate?.(token, {});
}

/** The same with keys of its own. */
async function sent(
  token: string,
  changes: Partial<TokenTicketConfig> = {},
  hello: Partial<HelloRequest> = {},
) {
  const ticket = tokenTicket(changes);
  return outcomeOf(token, ticket, await openTicketTokens([ticket]), hello);
}

const denied = (state: string) => ({
  kind: "deny" as const,
  uri: "wamp.error.authentication_denied",
  message: `Cannot authenticate with ticket: ${state}`,
});

test("a token names its client, and when the session ends", async () => {
  const token = await sign(SECRET, { exp: now + 100 });
  const hello = { authid: "eve", authrole: "boss", authextra: { of: "the client" } };
  expect(await sent(token, { clock_tolerance: 7 }, hello)).toEqual({
    kind: "accept",
    identity: {
      realm: "realm1",
      authid: "alice",
      authrole: "user",
      authmethod: "ticket",
      authprovider: "jwt",
      authextra: { of: "the client" },
    },
    until: (now + 107) * 1000,
  });
});

test.each<[what: string, claims: ChangedClaims, changes: Partial<TokenTicketConfig>, object]>([
  [
    "claims are authextra, in place of what the client says",
    { email: "a@b", groups: ["x"], other: 1 },
    { extra_claims: ["email", "groups", "absent", "constructor"] },
    { authextra: { email: "a@b", groups: ["x"] } },
  ],
  ["no claim is there", {}, { extra_claims: ["email"] }, { authextra: {} }],
  [
    "claims lie within others",
    { user: { name: "bob" }, realm_access: { roles: ["a", "b"] } },
    { authid_claim: ["user", "name"], authrole_claim: ["realm_access", "roles"], roles: ["b"] },
    { authid: "bob", authrole: "b" },
  ],
  [
    "the default role is that of a token without one",
    { role: undefined },
    { "default-role": "guest" },
    { authrole: "guest" },
  ],
])("%s", async (_, claims, changes, identity) => {
  const hello = { authextra: { email: "of the client" } };
  const outcome = await sent(await sign(SECRET, claims), changes, hello);
  expect(outcome).toMatchObject({ kind: "accept" });
  expect((outcome as unknown as { identity: object }).identity).toEqual(
    expect.objectContaining(identity),
  );
});

describe("a token is refused", () => {
  const noRole = "the token names no role, or not one alone, with which clients may act here";
  test.each<[what: string, ChangedClaims, string, Partial<TokenTicketConfig>]>([
    ["that has expired", { exp: now - 61 }, "the token has expired", { clock_tolerance: 60 }],
    ["without an end", { exp: undefined }, "the claim exp of the token is missing or wrong", {}],
    ["that begins later", { nbf: now + 120 }, "the token is not valid yet", {}],
    [
      "of another issuer",
      { iss: `${ISSUER}/` },
      "the claim iss of the token is missing or wrong",
      {},
    ],
    ["for others", { aud: ["a"] }, "the claim aud of the token is missing or wrong", {}],
    ["without a client", { sub: undefined }, "the claim sub of the token is no name", {}],
    ["without a role", { role: undefined }, "the token names no role", {}],
    ["that wants all rights", { role: "trusted" }, noRole, {}],
    ["of another role", { role: "boss" }, noRole, { roles: ["user"] }],
    ["without a scope", {}, "the token lacks a scope", { scopes: ["wamp"] }],
    [
      "of another algorithm",
      {},
      "the algorithm of the token is not accepted",
      { algorithms: ["HS512"] },
    ],
  ])("%s", async (_, claims, state, changes) => {
    expect(await sent(await sign(SECRET, claims), changes)).toEqual(denied(state));
  });

  test("that is not signed, or by another", async () => {
    const unsigned = `${tokenPart({ alg: "none" })}.${tokenPart(claimsOf())}.`;
    expect(await sent(unsigned)).toEqual(denied("the algorithm of the token is not accepted"));
    expect(await sent(await sign(`${SECRET}!`))).toEqual(
      denied("the signature of the token is wrong"),
    );
    for (const none of ["", "secret1"]) {
      expect(await sent(none)).toEqual(denied("the token is no signed JWT"));
    }
  });
});

test("a second ticket is not looked at", async () => {
  const ticket = tokenTicket();
  const askable = { ...authContext.askable, ticketTokens: await openTicketTokens([ticket]) };
  const pending = beginAuth("ticket", { ticket }, { ...authContext, askable });
  await pending?.hello(helloRequest());
  const token = await sign(SECRET);
  expect(await pending?.authenticate?.(token, {})).toMatchObject({ kind: "accept" });
  expect(await pending?.authenticate?.(token, {})).toEqual(denied("authid or proof is not valid"));
});

test("without keys no token is checked, for which nobody is blamed, and the log has none", async () => {
  const { log, logged } = keptLog("error", "warn", "info", "debug");
  const url = "http://127.0.0.1:1/keys";
  const ticket = tokenTicket({
    keys: { type: "url", url, refresh_interval: 60_000, lifetime: 60_000 },
    algorithms: ["ES256"],
  });
  const token = await sign(key);
  expect(await outcomeOf(token, ticket, await openTicketTokens([ticket], log))).toEqual({
    kind: "deny",
    uri: "wamp.error.authentication_failed",
    message: "Cannot authenticate with ticket: the keys of tokens are not known",
    isBlameless: true,
  });
  expect(logged.map(([event]) => event)).toEqual(["keys of tokens not downloaded"]);
  expect(JSON.stringify(logged)).not.toContain(token);
});

describe("at another configuration", () => {
  const folder = temporaryFolder({ "keys.json": keySet(key) });
  const file = join(folder, "keys.json");
  const byFile = tokenTicket({ keys: { type: "file", file }, algorithms: ["ES256"] });
  const bySecret = tokenTicket();
  const over = (ticket: TokenTicketConfig) => rawSocketTransport({}, { auth: { ticket } });

  test("tickets that stay keep their keys, others are opened and closed", async () => {
    const tokens = await openTicketTokens([byFile]);
    const byKey = await sign(key);
    // Whether the file is read again shows that it is opened again.
    writeFileSync(file, "no keys");
    const paths = {
      "/": { type: "path" as const, paths: { ws: webSocketService(byFile) } },
    } as never;
    const web = { type: "web", id: "web", endpoint: over(byFile).endpoint, paths } as const;
    (await tokens.prepare([web, over(bySecret)])).apply();
    expect(await outcomeOf(byKey, byFile, tokens)).toMatchObject({ kind: "accept" });
    expect(await outcomeOf(await sign(SECRET), bySecret, tokens)).toMatchObject({ kind: "accept" });

    (await tokens.prepare([])).abandon();
    expect(await outcomeOf(byKey, byFile, tokens)).toMatchObject({ kind: "accept" });

    (await tokens.prepare([over(bySecret)])).apply();
    expect(await outcomeOf(byKey, byFile, tokens)).toEqual({
      kind: "deny",
      uri: "wamp.error.authentication_failed",
      message: "Cannot authenticate with ticket: its issuer is not configured",
      isBlameless: true,
    });
  });

  test("keys that cannot be read leave all as it is", async () => {
    const tokens = await openTicketTokens([bySecret]);
    const absent = tokenTicket({ keys: { type: "file", file: join(folder, "absent.json") } });
    expect(tokens.prepare([over(absent)])).rejects.toThrow("Cannot read the keys from");
    expect(await outcomeOf(await sign(SECRET), bySecret, tokens)).toMatchObject({ kind: "accept" });
  });
});

test.each(["universal", "rawsocket of a universal", "websocket", "longpoll"])(
  "tickets are found on every transport: %s",
  async (where) => {
    const ticket = tokenTicket();
    const { endpoint } = rawSocketTransport();
    const universal = { type: "universal", id: "one", endpoint, rawsocket: null, paths: null };
    const transports: Record<string, object> = {
      universal: { ...universal, paths: { ws: webSocketService(ticket) } },
      "rawsocket of a universal": {
        ...universal,
        rawsocket: rawSocketTransport({}, { auth: { ticket } }),
      },
      websocket: webSocketTransport({}, { auth: { ticket } }),
      longpoll: {
        ...universal,
        type: "web",
        paths: { lp: { type: "longpoll", auth: { ticket } }, info: { type: "nodeinfo" } },
      },
    };
    const tokens = new WorkerTicketTokens(quiet);
    (await tokens.prepare([transports[where] as never])).apply();
    expect(await outcomeOf(await sign(SECRET), ticket, tokens)).toMatchObject({ kind: "accept" });
  },
);

function webSocketService(ticket: TokenTicketConfig) {
  return webSocketTransport({}, { auth: { ticket } });
}

test("a worker that checks no tokens fails, and says so", async () => {
  expect(outcomeOf("x", tokenTicket(), undefined)).rejects.toThrow("the worker checks none");
});

import { describe, expect, test } from "bun:test";
import { deny, type HelloRequest } from "#auth/pending-auth.ts";
import {
  acceptPrincipal,
  findChallenged,
  omitAuthextra,
  type PrincipalQuery,
  type PrincipalSource,
  SinglePrincipal,
  StaticPrincipals,
} from "#auth/principal.ts";

const request: HelloRequest = {
  realm: "realm1",
  authmethods: ["wampcra"],
  authid: "joe",
  authrole: undefined,
  authextra: { nonce: "n", kept: 1 },
  transport: {
    peer: "unix:",
    type: "rawsocket",
    serializer: "cbor",
    isSecure: false,
    isUnixSocket: true,
  },
};
const query: PrincipalQuery = { authmethod: "wampcra", request };

describe("findChallenged", () => {
  const known = { role: "user", secret: "real" };
  const decoy = { role: "user", secret: "decoy" };

  function sourceOf(found: Awaited<ReturnType<PrincipalSource<typeof known>["find"]>>) {
    let decoys = 0;
    const source: PrincipalSource<typeof known> = {
      authprovider: "static",
      find: async () => found,
      decoy() {
        decoys += 1;
        return decoy;
      },
    };
    return { source, decoys: () => decoys };
  }

  test("makes a decoy for a known authid too, and challenges with the principal's credentials", async () => {
    const { source, decoys } = sourceOf(known);
    expect(await findChallenged(source, query)).toEqual({ principal: known, credentials: known });
    expect(decoys()).toBe(1);
  });

  test("challenges an unknown authid with the decoy's credentials", async () => {
    const { source } = sourceOf(undefined);
    const found = await findChallenged(source, query);
    expect(found).toEqual({ principal: undefined, credentials: decoy });
  });

  test("returns a refusal of the source as it is", async () => {
    const refusal = deny("wampcra", "no");
    const { source, decoys } = sourceOf(refusal);
    expect(await findChallenged(source, query)).toBe(refusal);
    expect(decoys()).toBe(0);
  });
});

describe("acceptPrincipal", () => {
  const claims = (authid: string | undefined) => ({ ...query, request: { ...request, authid } });

  test("takes from HELLO what the principal leaves open, but the role", () => {
    expect(acceptPrincipal({ role: "user" }, query, "static")).toEqual({
      kind: "accept",
      identity: {
        realm: "realm1",
        authid: "joe",
        authrole: "user",
        authmethod: "wampcra",
        authprovider: "static",
        authextra: { nonce: "n", kept: 1 },
      },
    });
    const principal = { realm: "realm2", authid: "jane", role: "admin", extra: { tier: 3 } };
    expect(acceptPrincipal(principal, claims(undefined), "dynamic")).toEqual({
      kind: "accept",
      identity: {
        realm: "realm2",
        authid: "jane",
        authrole: "admin",
        authmethod: "wampcra",
        authprovider: "dynamic",
        authextra: { tier: 3 },
      },
    });
  });

  test.each([
    [{ role: "user" }, undefined, "wamp.error.no_such_principal", "no authid"],
    [{ authid: "jane" }, "joe", "wamp.error.no_such_role", "no role is assigned"],
  ])("refuses %j with authid %p, which is no failed attempt", (principal, authid, uri, state) => {
    expect(acceptPrincipal(principal, claims(authid), "static")).toEqual({
      kind: "deny",
      uri,
      message: `Cannot authenticate with wampcra: ${state}`,
      isBlameless: true,
    });
  });
});

test("a client without authid is none of the configured principals", async () => {
  const principals = new StaticPrincipals({
    joe: { role: "user" },
    "": { role: "admin" },
    undefined: { role: "admin" },
  });
  expect(await principals.find(query)).toEqual({ role: "user" });
  const nameless = { ...query, request: { ...request, authid: undefined } };
  expect(await principals.find(nameless)).toBeUndefined();
});

test("a single principal is that of every client", async () => {
  const single = new SinglePrincipal({ role: "guest", authid: "visitor" });
  expect(await single.find()).toEqual({ role: "guest", authid: "visitor" });
  expect(single.authprovider).toBe("static");
});

test("configured principals have decoys where the authmethod makes them", () => {
  const principals = { jane: { role: "user", secret: "real" } };
  const decoy = { role: "user", secret: "decoy" };
  expect(new StaticPrincipals(principals, () => decoy).decoy(query)).toEqual(decoy);
  expect(new StaticPrincipals(principals).decoy(query)).toBeUndefined();
});

test("omitAuthextra leaves out the named attributes, and changes nothing in place", () => {
  expect(omitAuthextra(query, ["nonce"]).request.authextra).toEqual({ kept: 1 });
  expect(request.authextra).toEqual({ nonce: "n", kept: 1 });
});

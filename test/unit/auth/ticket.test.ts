import { describe, expect, test } from "bun:test";
import { deny } from "#auth/pending-auth.ts";
import type { Principal, PrincipalSource } from "#auth/principal.ts";
import { StaticPrincipals } from "#auth/principal.ts";
import { ACCEPTED, TicketAuth, type TicketCredentials } from "#auth/ticket.ts";
import { denied, helloRequest } from "../../support/hello-request.ts";

const principals: Record<string, Principal & TicketCredentials> = {
  alice: { ticket: "s3cret", role: "user", realm: "realm2" },
  empty: { ticket: "", role: "user" },
  norole: { ticket: "s3cret" },
};
const begin = () => new TicketAuth(new StaticPrincipals(principals));

describe("ticket", () => {
  test("challenges every authid alike", () => {
    for (const authid of ["alice", "eve", undefined]) {
      const challenge = { kind: "challenge", authmethod: "ticket", extra: {} };
      expect(begin().hello(helloRequest({ authid }))).toEqual(challenge as never);
    }
  });

  test("in a cookie is accepted where it may be there, and not where it is meant for another", async () => {
    const { transport, ...request } = helloRequest();
    const hello = { ...request, transport: { ...transport, cookieToken: { token: "s3cret" } } };
    const source = new StaticPrincipals(principals);
    expect(await new TicketAuth(source, true).hello(hello)).toMatchObject({ kind: "accept" });
    expect(await new TicketAuth(source).hello(hello)).toMatchObject({ kind: "challenge" });
  });

  test("accepts the ticket of the principal, with its role and realm", async () => {
    const auth = begin();
    await auth.hello(helloRequest({ authextra: { app: 1 } }));
    expect(await auth.authenticate("s3cret")).toEqual({
      kind: "accept",
      identity: {
        realm: "realm2",
        authid: "alice",
        authrole: "user",
        authmethod: "ticket",
        authprovider: "static",
        authextra: { app: 1 },
      },
    });
  });

  test.each([
    ["alice", "S3cret"],
    ["alice", "s3cret "],
    ["alice", ""],
    ["eve", "s3cret"],
    ["eve", ""],
    [undefined, "s3cret"],
    [undefined, ""],
    ["constructor", ""],
    ["__proto__", ""],
  ])("denies authid %p with ticket %p, and does not say why", async (authid, ticket) => {
    const auth = begin();
    await auth.hello(helloRequest({ authid }));
    expect(await auth.authenticate(ticket)).toEqual(denied("ticket"));
  });

  test("takes one ticket for each challenge", async () => {
    const auth = begin();
    expect(await auth.authenticate("s3cret")).toEqual(denied("ticket"));
    await auth.hello(helloRequest());
    await auth.authenticate("wrong");
    expect(await auth.authenticate("s3cret")).toEqual(denied("ticket"));
  });

  test("accepts no principal without a role", async () => {
    const auth = begin();
    await auth.hello(helloRequest({ authid: "norole" }));
    const outcome = await auth.authenticate("s3cret");
    expect(outcome).toMatchObject({ kind: "deny", uri: "wamp.error.no_such_role" });
  });

  test("passes the ticket to an authenticator, and accepts its principal", async () => {
    const claims: unknown[] = [];
    const source: PrincipalSource<TicketCredentials> = {
      authprovider: "dynamic",
      async find({ details }) {
        claims.push(details);
        return { ticket: ACCEPTED, role: "user" };
      },
    };
    const auth = new TicketAuth(source);
    await auth.hello(helloRequest());
    expect(await auth.authenticate("s3cret")).toMatchObject({
      kind: "accept",
      identity: { authprovider: "dynamic" },
    });
    expect(claims).toEqual([{ ticket: "s3cret" }]);
  });

  test("refuses as its authenticator refuses", async () => {
    const refusal = deny("ticket", "it has expired");
    const auth = new TicketAuth({ authprovider: "dynamic", find: async () => refusal });
    await auth.hello(helloRequest());
    expect(await auth.authenticate("s3cret")).toEqual(refusal);
  });
});

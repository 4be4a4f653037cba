import { expect, test } from "bun:test";
import { AnonymousAuth } from "#auth/anonymous.ts";
import { deny } from "#auth/pending-auth.ts";
import type { PrincipalSource } from "#auth/principal.ts";
import { denied, helloRequest } from "../../support/hello-request.ts";

const sourceOf = (found: Awaited<ReturnType<PrincipalSource<object>["find"]>>) => ({
  authprovider: "dynamic" as const,
  find: async () => found,
});

test("a client is the principal of the source, with a random authid if this has none", async () => {
  const identity = { authrole: "guest", authmethod: "anonymous", authprovider: "dynamic" };
  const one = await new AnonymousAuth(sourceOf({ role: "guest" })).hello(helloRequest());
  expect(one).toMatchObject({
    identity: { ...identity, authid: expect.stringMatching(/^(\w{4}-){5}\w{4}$/) },
  });
  const named = sourceOf({ role: "guest", authid: "visitor" });
  expect(await new AnonymousAuth(named).hello(helloRequest())).toMatchObject({
    identity: { ...identity, authid: "visitor" },
  });
});

test("a refusal of the source reaches the client", async () => {
  const refusal = deny("anonymous", "not today");
  expect(await new AnonymousAuth(sourceOf(refusal)).hello(helloRequest())).toEqual(refusal);
});

test("a client for which there is no principal is denied", async () => {
  const outcome = await new AnonymousAuth(sourceOf(undefined)).hello(helloRequest());
  expect(outcome).toEqual(denied("anonymous"));
});

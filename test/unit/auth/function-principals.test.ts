import { describe, expect, test } from "bun:test";
import { CallError, type FunctionCall } from "#auth/authenticators.ts";
import { FunctionPrincipals } from "#auth/function-principals.ts";
import { authContext, helloRequest } from "../../support/hello-request.ts";
import { keptLog } from "../../support/kept-log.ts";

const config = {
  type: "function",
  authenticator: "auth1",
  "default-role": null,
  "authenticator-timeout": 5000,
} as const;
const query = { authmethod: "ticket", request: helloRequest(), details: { ticket: "s3cret" } };

/** Asks a function that a test is; without one, the worker has no functions. */
function asking(answer?: (call: FunctionCall) => unknown) {
  const { log, logged } = keptLog("warn");
  const functionAuthenticators = answer && { call: async (call: FunctionCall) => answer(call) };
  const authenticators = { ...authContext.askable.authenticators, log };
  const context = { ...authContext, askable: { authenticators, functionAuthenticators } };
  return { source: new FunctionPrincipals("ticket", config, context), logged };
}

describe("a function that authenticates", () => {
  test("is called by its id with what a procedure is called with", async () => {
    const calls: FunctionCall[] = [];
    const { source } = asking((call) => {
      calls.push(call);
      return { role: "user", authid: "alice2" };
    });
    expect(await source.find(query)).toMatchObject({ role: "user", authid: "alice2" });
    expect(calls).toEqual([
      {
        authenticator: "auth1",
        args: ["realm1", "alice", expect.objectContaining({ ticket: "s3cret" })],
        signal: expect.any(AbortSignal),
      },
    ]);
    expect(source.authprovider).toBe("function");
  });

  test.each(["com.example.expired", "wamp.error.runtime_error", "crossbar.error.x"])(
    "refuses with %s, which reaches the client: no router has sent it",
    async (uri) => {
      const { source, logged } = asking(() => {
        throw new CallError(uri, ["it has expired"]);
      });
      expect(await source.find(query)).toMatchObject({
        kind: "deny",
        uri,
        message: "it has expired",
      });
      expect(logged).toEqual([]);
    },
  );

  test("refuses the client where the worker has none, and the log says so", async () => {
    const { source, logged } = asking();
    expect(await source.find(query)).toMatchObject({
      kind: "deny",
      uri: "wamp.error.authentication_failed",
      isBlameless: true,
    });
    expect(logged).toEqual([
      [
        "authenticator failed",
        expect.objectContaining({
          authenticator: "auth1",
          reason: "Cannot call an authenticator: the worker runs none",
        }),
      ],
    ]);
  });
});

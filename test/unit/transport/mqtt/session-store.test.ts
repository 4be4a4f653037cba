/** Which clients with one client id are the same user. */

import { describe, expect, test } from "bun:test";
import type { SessionConfig } from "#config/options/session-config.ts";
import { clientKey } from "#transport/mqtt/session-store.ts";

const asking = { anonymous: { type: "dynamic" } } as SessionConfig["auth"];
const open: SessionConfig["auth"] = { anonymous: { type: "static", role: "r" } };

function isSame(authmethod: string, auth: SessionConfig["auth"]): boolean {
  const keyOf = (authid: string) =>
    clientKey("c1", { realm: "realm1", authid, authrole: "r", authmethod }, auth);
  return keyOf("joe") === keyOf("ann");
}

describe("two authids are one user", () => {
  test.each<[boolean, string, string, SessionConfig["auth"]]>([
    [true, "of anonymous clients that anybody may be", "anonymous", open],
    [false, "of anonymous clients that an authenticator has named", "anonymous", asking],
    [false, "of anonymous clients that the router has let in", "anonymous", "passthrough"],
    [false, "of another authmethod", "ticket", open],
  ])("%j: those %s", (expected, _which, authmethod, auth) => {
    expect(isSame(authmethod, auth)).toBe(expected);
  });
});

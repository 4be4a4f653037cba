import { describe, expect, test } from "bun:test";
import { isOriginAllowed } from "../../../../src/transport/websocket/origin.ts";

function allows(patterns: string[], origin: string | null, allowsNull = false): boolean {
  return isOriginAllowed(origin, { allowed_origins: patterns, allow_null_origin: allowsNull });
}

describe("isOriginAllowed", () => {
  test("lets programs in that send no origin", () => {
    expect(allows([], null)).toBe(true);
  });

  test("takes the port of the scheme as written or left out, on both sides", () => {
    expect(allows(["https://good.example"], "https://good.example")).toBe(true);
    expect(allows(["https://good.example:443"], "https://good.example")).toBe(true);
    expect(allows(["https://good.example"], "https://good.example:443")).toBe(true);
    expect(allows(["https://good.example"], "https://good.example:8443")).toBe(false);
    expect(allows(["http://good.example:443"], "https://good.example")).toBe(false);
  });

  test("takes * for any run of characters", () => {
    expect(allows(["*"], "https://any.example")).toBe(true);
    expect(allows(["*://*.good.example:*"], "http://a.b.good.example")).toBe(true);
    expect(allows(["https://*.good.example"], "https://good.example")).toBe(false);
    expect(allows(["https://a*a"], "https://a")).toBe(false);
    expect(allows(["https://*"], "https://any.example:8443")).toBe(true);
    expect(allows(["https://*"], "http://any.example")).toBe(false);
    expect(allows(["*.good.example:*"], "https://a.good.example:8443")).toBe(true);
    expect(allows(["http*://good.example"], "https://good.example")).toBe(true);
    expect(allows(["*://good.example:443"], "https://good.example")).toBe(true);
    expect(allows(["*://good.example:443"], "http://good.example")).toBe(false);
    expect(allows(["https://*.good.example"], "https://x.good.example.evil")).toBe(false);
  });

  test.each([
    ["http://localhost*", "http://localhost.evil.example"],
    ["https://good.example*", "https://good.example.evil"],
    ["https://good.example*", "https://good.example-evil.test"],
    ["https://good.*", "https://good.evil.example"],
    ["https://app-*.good.example", "https://app-1.evil.good.example"],
    ["https://*.good.example:*", "https://evil.example:1.good.example:80"],
    ["https://*.good.example", "https://evil.example\\.good.example"],
    ["https://good.example:*", "https://good.example:443.evil.example"],
    ["https*//good.example", "https://good.example"],
    ["good.example", "https://good.example"],
  ])("does not let the * of %s reach to %s", (pattern, origin) => {
    expect(allows([pattern], origin)).toBe(false);
  });

  test("takes a * at the end for part of a label and any port", () => {
    for (const origin of ["http://localhost", "http://localhost:8080", "http://localhost2:80"]) {
      expect(allows(["http://localhost*"], origin)).toBe(true);
    }
    expect(allows(["https://good.*"], "https://good.example:8443")).toBe(true);
  });

  test("knows the origins of programs that show pages", () => {
    expect(allows(["chrome-extension://abcdef"], "chrome-extension://abcdef")).toBe(true);
    expect(allows(["capacitor://localhost"], "capacitor://localhost")).toBe(true);
    expect(allows(["*"], "moz-extension://0b1c-2d")).toBe(true);
  });

  test("lets . stand for nothing but itself", () => {
    expect(allows(["https://good.example"], "https://goodXexample")).toBe(false);
  });

  test("judges the null origin and local files by allow_null_origin alone", () => {
    expect(allows(["*"], "null")).toBe(false);
    expect(allows([], "null", true)).toBe(true);
    expect(allows([], "file://", true)).toBe(true);
  });

  test("refuses what is no origin, even with *", () => {
    expect(allows(["*"], "good.example")).toBe(false);
    expect(allows(["*"], "https://good.example/path")).toBe(false);
    expect(allows(["*"], "https://user@good.example")).toBe(false);
    expect(allows(["*"], "")).toBe(false);
  });

  test("matches the brackets of an IPv6 address", () => {
    expect(allows(["http://[::1]:80"], "http://[::1]")).toBe(true);
  });
});

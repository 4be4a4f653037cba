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
    expect(allows(["https://*.good.example"], "https://x.good.example.evil")).toBe(false);
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

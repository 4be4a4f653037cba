import { describe, expect, test } from "bun:test";
import { TrustedProxies } from "#transport/http/trusted-proxies.ts";

const proxies = new TrustedProxies(["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]);
const clientOf = (headers: Record<string, string>, peer = "tcp4:10.0.0.1:1") =>
  proxies.clientOf(new Headers(headers), peer);

describe("X-Forwarded-For", () => {
  test.each([
    ["203.0.113.7", "tcp4:203.0.113.7:0"],
    ["203.0.113.7:4711", "tcp4:203.0.113.7:4711"],
    ["2001:DB9::1", "tcp6:[2001:db9::1]:0"],
    ["[2001:db9::1]:4711", "tcp6:[2001:db9::1]:4711"],
    ["::ffff:203.0.113.7", "tcp4:203.0.113.7:0"],
    // What stands to the left of the first that no trusted proxy has said is hearsay.
    ["198.51.100.1, 203.0.113.7", "tcp4:203.0.113.7:0"],
    ["nonsense, 203.0.113.7", "tcp4:203.0.113.7:0"],
    ["203.0.113.7, 10.0.0.2,192.0.2.1 , 2001:db8::9", "tcp4:203.0.113.7:0"],
    ["10.0.0.3, 10.0.0.2", "tcp4:10.0.0.3:0"],
  ])("%s names %s", (header, client) => {
    expect(clientOf({ "X-Forwarded-For": header })).toBe(client);
  });

  test.each([
    "",
    "unknown",
    "203.0.113",
    "203.0.113.7,",
    "203.0.113.7, nonsense",
    "203.0.113.7, unknown, 10.0.0.2",
    "203.0.113.7:65536",
    "[203.0.113.7]",
    "2001:db9::1]:1",
    "203.0.113.7 10.0.0.2",
  ])("that is malformed is ignored: %p", (header) => {
    expect(clientOf({ "X-Forwarded-For": header })).toBeUndefined();
  });
});

describe("Forwarded", () => {
  test.each([
    ["for=203.0.113.7", "tcp4:203.0.113.7:0"],
    ['For="203.0.113.7:4711"', "tcp4:203.0.113.7:4711"],
    ['for="[2001:db9::1]:4711"', "tcp6:[2001:db9::1]:4711"],
    ['for="203.0.113.7:_hidden"', "tcp4:203.0.113.7:0"],
    ["proto=https;for=203.0.113.7;by=10.0.0.1", "tcp4:203.0.113.7:0"],
    ['for=198.51.100.1, for=203.0.113.7;host="a,b;for=1.1.1.1"', "tcp4:203.0.113.7:0"],
    ["for=203.0.113.7, for=10.9.9.9", "tcp4:203.0.113.7:0"],
  ])("%s names %s", (header, client) => {
    expect(clientOf({ Forwarded: header })).toBe(client);
  });

  test.each([
    "for=unknown",
    "for=_hidden",
    "proto=https",
    "203.0.113.7",
    'for="203.0.113.7',
    "for=203.0.113.7;for=198.51.100.1",
    "for=203.0.113.7, proto=https",
    'for="203.0.113\\.7"',
  ])("that names no address is ignored: %p", (header) => {
    expect(clientOf({ Forwarded: header })).toBeUndefined();
  });
});

describe("TrustedProxies", () => {
  const header = { "X-Forwarded-For": "203.0.113.7" };

  test("believes only those that were named", () => {
    expect(clientOf(header, "tcp4:192.0.2.1:1")).toBeDefined();
    expect(clientOf(header, "tcp6:[2001:db8::1]:1")).toBeDefined();
    expect(clientOf(header, "tcp4:192.0.2.2:1")).toBeUndefined();
    expect(clientOf(header, "tcp6:[2001:db9::1]:1")).toBeUndefined();
    expect(clientOf(header, "unix:/a.sock")).toBeUndefined();
    expect(
      new TrustedProxies(["unix"]).clientOf(new Headers(header), "unix:/a.sock"),
    ).toBeDefined();
    expect(
      new TrustedProxies(["unix"]).clientOf(new Headers(header), "tcp4:10.0.0.1:1"),
    ).toBeUndefined();
  });

  test("believes two headers only when they say the same, for a client may add one", () => {
    expect(clientOf({ ...header, Forwarded: "for=203.0.113.7" })).toBe("tcp4:203.0.113.7:0");
    expect(clientOf({ ...header, Forwarded: "for=198.51.100.1" })).toBeUndefined();
    expect(clientOf({ ...header, Forwarded: "for=unknown" })).toBeUndefined();
    expect(clientOf({ "X-Forwarded-For": "unknown", Forwarded: "for=1.1.1.1" })).toBeUndefined();
  });
});

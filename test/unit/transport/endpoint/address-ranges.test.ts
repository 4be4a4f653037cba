import { describe, expect, test } from "bun:test";

import { addressRanges } from "#transport/endpoint/address-ranges.ts";

describe("addressRanges", () => {
  test("knows addresses and ranges of both families", () => {
    const isTrusted = addressRanges(["10.0.0.7", "192.168.0.0/16", "fd00::/8", "::1"]);
    for (const address of ["10.0.0.7", "192.168.255.1", "::ffff:10.0.0.7", "fd12::1", "::1"]) {
      expect(isTrusted(address)).toBe(true);
    }
    for (const address of [
      "10.0.0.8",
      "192.169.0.1",
      "::ffff:10.0.0.8",
      "fe80::1",
      "127.0.0.1",
      "",
    ]) {
      expect(isTrusted(address)).toBe(false);
    }
  });
});

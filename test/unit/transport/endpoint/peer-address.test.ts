import { describe, expect, test } from "bun:test";
import type { Socket } from "bun";
import {
  addressOf,
  detailsOfAccepted,
  isUnixPathTooLong,
  printEndpoint,
  printTcpPeer,
  usableUnixPath,
} from "#transport/endpoint/peer-address.ts";
import { anyPort } from "../../../support/transports.ts";

describe("the other side of a TCP connection", () => {
  test.each([
    ["127.0.0.1", "tcp4:127.0.0.1:80", "127.0.0.1"],
    ["::1", "tcp6:[::1]:80", "::1"],
    ["::ffff:10.0.0.1", "tcp4:10.0.0.1:80", "10.0.0.1"],
    ["::FFFF:10.0.0.1", "tcp4:10.0.0.1:80", "10.0.0.1"],
    ["::ffff:1", "tcp6:[::ffff:1]:80", "::ffff:1"],
    ["fe80::1%eth0", "tcp6:[fe80::1%eth0]:80", "fe80::1%eth0"],
  ])("at %s is printed as %s, and its address is read back", (address, peer, read) => {
    expect(printTcpPeer(address, 80)).toBe(peer);
    expect(addressOf(peer)).toBe(read);
  });

  test.each(["unix:/run/a.sock", "tcp4:1.2.3.4", "tcp5:1.2.3.4:1", "", "tcp4:1.2.3.4:1:2"])(
    "has no address in %j",
    (peer) => {
      expect(addressOf(peer)).toBeNull();
    },
  );
});

describe("an accepted connection", () => {
  const socket = (remoteAddress?: string) => ({ remoteAddress, remotePort: 99 }) as Socket<unknown>;
  const tls = { key: "a", certificate: "b", chain_certificates: [] };

  test("over TCP has the address of its client, and is secure with TLS", () => {
    const details = { peer: "tcp4:10.0.0.1:99", isSecure: false, isUnixSocket: false };
    expect(detailsOfAccepted(anyPort, socket("10.0.0.1"))).toEqual(details);
    const secure = detailsOfAccepted({ ...anyPort, tls }, socket("10.0.0.1"));
    expect(secure).toEqual({ ...details, isSecure: true });
  });

  test("that its client has reset before has no details", () => {
    expect(detailsOfAccepted(anyPort, socket())).toBeNull();
  });

  test("over a Unix socket has the path", () => {
    const unix = { type: "unix" as const, path: "/a.sock", permission: 0o600 };
    const details = { peer: "unix:/a.sock", isSecure: false, isUnixSocket: true };
    expect(detailsOfAccepted(unix, socket())).toEqual(details);
  });
});

test.each([
  [{ type: "unix", path: "/a/b.sock", permission: 0o600 } as const, "unix /a/b.sock"],
  [{ ...anyPort, port: 80 }, "tcp 127.0.0.1:80"],
  [{ ...anyPort, interface: "::", port: 80 }, "tcp [::]:80"],
  [{ ...anyPort, port: 80, portrange: [80, 89] as [number, number] }, "tcp 127.0.0.1:80-89"],
  [{ type: "tcp", host: "a.example", port: 1, timeoutMs: 1 } as const, "tcp a.example:1"],
  [{ type: "tcp", host: "::1", port: 1, timeoutMs: 1 } as const, "tcp [::1]:1"],
])("an endpoint is named in a sentence: %#", (endpoint, name) => {
  expect(printEndpoint(endpoint)).toBe(name);
});

describe("the path of a Unix socket", () => {
  const folder = process.cwd();

  test("of 107 octets is taken as it is", () => {
    const path = `/${"x".repeat(106)}`;
    expect([usableUnixPath(path), isUnixPathTooLong(path)]).toEqual([path, false]);
  });

  test("that is longer is taken relative to the present folder", () => {
    const path = `${folder}/${"x".repeat(107)}`;
    expect([usableUnixPath(path), isUnixPathTooLong(path)]).toEqual(["x".repeat(107), false]);
  });

  test("is too long where no spelling is short enough, counted in octets", () => {
    for (const name of ["x".repeat(108), "é".repeat(54)]) {
      expect(isUnixPathTooLong(`${folder}/${name}`)).toBe(true);
    }
  });
});

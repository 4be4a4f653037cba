/** Where `crossproxy top` finds the figures of a node. */

import { expect, test } from "bun:test";
import { figuresAddress } from "#cli/figures-address.ts";
import type { ListeningEndpointConfig } from "#config/endpoint/endpoint-config.ts";
import type { WebServiceConfig } from "#config/web-service/web-service-config.ts";
import { jsonAt } from "../../support/json-service.ts";
import { openNodePage } from "../../support/node-page-service.ts";
import { anyPort } from "../../support/transports.ts";

const tcp = { ...anyPort, port: 8080 };
const unix = { type: "unix" as const, path: "/run/node.sock", permission: 0o600 };
const tls = { key: "/etc/tls.key", certificate: "/etc/tls.pem", chain_certificates: [] };

/** A node of one router with one Web transport. */
function nodeOn(endpoint: ListeningEndpointConfig, paths: Record<string, WebServiceConfig>) {
  const transport = { type: "web" as const, id: "web1", endpoint, paths };
  return {
    controller: {},
    workers: [{ type: "router" as const, id: "r", realms: [], transports: [transport] }],
  };
}

const info = { info: openNodePage };
const nested = { "/": jsonAt("1"), a: { type: "path" as const, paths: { "/": openNodePage } } };

test.each<[ListeningEndpointConfig, Record<string, WebServiceConfig>, string, string | null]>([
  [tcp, info, "http://127.0.0.1:8080/info", null],
  [tcp, { "/": openNodePage }, "http://127.0.0.1:8080/", null],
  [tcp, nested, "http://127.0.0.1:8080/a", null],
  [{ ...tcp, interface: "0.0.0.0" }, info, "http://127.0.0.1:8080/info", null],
  [{ ...tcp, interface: "::" }, info, "http://[::1]:8080/info", null],
  [{ ...tcp, interface: "10.0.0.1" }, info, "http://10.0.0.1:8080/info", null],
  [unix, info, "http://localhost/info", "/run/node.sock"],
])("is asked at the endpoint %j with the paths %j", (endpoint, paths, url, socket) => {
  expect(figuresAddress(nodeOn(endpoint, paths))).toEqual({ url, unix: socket, token: null });
});

test("is asked with its token", () => {
  const node = nodeOn(tcp, { info: { ...openNodePage, token: "s3cret" } });
  expect(figuresAddress(node)?.token).toBe("s3cret");
});

test.each<[string, ListeningEndpointConfig, Record<string, WebServiceConfig>]>([
  ["without such a path", tcp, { "/": jsonAt("1") }],
  ["with TLS alone", { ...tcp, tls }, info],
  ["behind a load balancer alone", { ...tcp, trusted_proxies: ["10.0.0.1"] }, info],
])("is not found in a node %s", (_, endpoint, paths) => {
  expect(figuresAddress(nodeOn(endpoint, paths))).toBeNull();
});

test.each([
  ["tcp", { ...tcp, port: 9000, interface: "127.0.0.1" }, "http://127.0.0.1:9000/figures", null],
  ["tcp", { ...tcp, port: 9000, interface: "0.0.0.0" }, "http://127.0.0.1:9000/figures", null],
  ["tcp with TLS", { ...tcp, port: 9000, tls }, "https://127.0.0.1:9000/figures", null],
  [
    "unix",
    { type: "unix", path: "/run/a.sock", permission: 0 },
    "http://localhost/figures",
    "/run/a.sock",
  ],
] as const)("is first asked for at an admin endpoint of type %s", (_, endpoint, url, socket) => {
  const admin = { endpoint, token: "s3cret", routers: "any" as const };
  const node = { ...nodeOn(tcp, info), controller: { admin } };
  expect(figuresAddress(node)).toEqual({ url, unix: socket, token: "s3cret" });
});

test("is asked for at a page where the admin endpoint asks for certificates of its clients", () => {
  const endpoint = { ...tcp, port: 9000, tls: { ...tls, ca_certificates: ["/etc/ca.pem"] } };
  const admin = { endpoint, token: null, routers: "any" as const };
  const node = { ...nodeOn(unix, info), controller: { admin } };
  expect(figuresAddress(node)?.unix).toBe("/run/node.sock");
});

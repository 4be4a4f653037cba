/** Which clients see the page of a node. */

import { expect, test } from "bun:test";
import { PageAccess } from "#transport/web/node-page/page-access.ts";
import { clientRequest } from "../../../support/client-request.ts";
import { openNodePage } from "../../../support/node-page-service.ts";

const request = (peer: string, authorization?: string) =>
  clientRequest("/", authorization === undefined ? {} : { Authorization: authorization }, peer);

const LOCAL = "tcp4:127.0.0.1:1000";

test.each([
  ["tcp4:10.1.2.3:1000", null],
  ["tcp6:[fd00::1]:1000", null],
  ["tcp4:192.0.2.1:1000", 403],
  ["unix:/run/node.sock", 403],
])("of %s with require_ip: %p", (peer, status) => {
  const access = new PageAccess({ ...openNodePage, require_ip: ["10.0.0.0/8", "fd00::/8"] });
  expect(access.refusalOf(request(peer))?.status ?? null).toBe(status);
});

const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`;

test.each([
  ["Bearer s3cret", null],
  ["bearer  s3cret", null],
  [basic("anybody:s3cret"), null],
  [basic(":s3cret"), null],
  [undefined, 401],
  ["", 401],
  ["Bearer s3cre", 401],
  ["Bearer s3cret s3cret", 401],
  ["Digest s3cret", 401],
  [basic(":s3cret").replace("Basic", "Digest"), 401],
  ["by Bearer s3cret", 401],
  [basic("a"), 401],
  [basic("s3cret"), 401],
  [basic("s3cret:"), 401],
  ["Basic %%%", 401],
])("with a token, of Authorization %p: %p", (authorization, status) => {
  const access = new PageAccess({ ...openNodePage, token: "s3cret" });
  expect(access.refusalOf(request(LOCAL, authorization))?.status ?? null).toBe(status);
});

test("a password may have colons, and letters of any language", () => {
  const access = new PageAccess({ ...openNodePage, token: "a:ü:b" });
  expect(access.refusalOf(request(LOCAL, basic("joe:a:ü:b")))).toBeNull();
});

test("a client at another address is not asked for the token", () => {
  const access = new PageAccess({ type: "nodeinfo", require_ip: ["10.0.0.0/8"], token: "s3cret" });
  const refusal = access.refusalOf(request(LOCAL));
  expect([refusal?.status, refusal?.headers["WWW-Authenticate"]]).toEqual([403, undefined]);
});

test("a browser is asked for the token", () => {
  const refusal = new PageAccess({ ...openNodePage, token: "s3cret" }).refusalOf(request(LOCAL));
  expect(refusal?.headers["WWW-Authenticate"]).toStartWith('Basic realm="crossproxy"');
});

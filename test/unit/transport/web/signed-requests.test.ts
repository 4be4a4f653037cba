import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { SignedRequests } from "#transport/web/bridge/signed-requests.ts";

const now = Date.parse("2026-01-31T12:00:00.000Z");
const body = Buffer.from("{}");
const terms = { key: "key1", secret: "secret1", timestamp_delta_limit: 60 };

function signed(nonce: number, timestamp = "2026-01-31T12:00:00.000Z") {
  const hmac = createHmac("sha256", "secret1").update(`key1${timestamp}1${nonce}`).update(body);
  const signature = hmac.digest("base64").replaceAll("+", "-").replaceAll("/", "_");
  return new URLSearchParams({ key: "key1", timestamp, seq: "1", nonce: `${nonce}`, signature });
}

test("a request is taken once for as long as its timestamp is good", () => {
  const requests = new SignedRequests(terms);
  const late = signed(1, "2026-01-31T12:01:00.0Z");
  expect(requests.refusalOf(late, body, now)).toBeNull();
  expect(requests.refusalOf(late, body, now)?.status).toBe(401);
  expect(requests.refusalOf(late, body, now + 120_000)?.status).toBe(401);
  expect(requests.refusalOf(late, body, now + 120_001)?.status).toBe(400);
});

test("the same fields cut in another way are the same request", () => {
  const requests = new SignedRequests(terms);
  const one = signed(23);
  expect(requests.refusalOf(one, body, now)).toBeNull();
  one.set("seq", "12");
  one.set("nonce", "3");
  expect(requests.refusalOf(one, body, now)?.status).toBe(401);
});

test("a timestamp has one to six digits behind the point, as in Crossbar", () => {
  const requests = new SignedRequests(terms);
  const at = (time: string) => requests.refusalOf(signed(1, time), body, now)?.status ?? 200;
  expect(at("2026-01-31T12:00:00.1Z")).toBe(200);
  expect(at("2026-01-31T12:00:00.123456Z")).toBe(200);
  for (const wrong of ["2026-01-31T12:00:00Z", "2026-13-31T12:00:00.0Z", "2026-01-31T12:00:00.0"]) {
    expect(at(wrong)).toBe(400);
  }
});

test("without a limit nothing expires, and nothing is remembered", () => {
  const requests = new SignedRequests({ ...terms, timestamp_delta_limit: 0 });
  const old = signed(1, "2000-01-01T00:00:00.0Z");
  expect(requests.refusalOf(old, body, now)).toBeNull();
  expect(requests.refusalOf(old, body, now)).toBeNull();
});

test("what is remembered is bounded, and forgotten in time", () => {
  const requests = new SignedRequests(terms);
  for (let nonce = 0; nonce < 100_000; nonce++) {
    if (requests.refusalOf(signed(nonce), body, now) !== null) throw new Error(`${nonce}`);
  }
  expect(requests.refusalOf(signed(100_000), body, now)?.status).toBe(503);
  const later = signed(0, "2026-01-31T12:02:00.0Z");
  expect(requests.refusalOf(later, body, now + 120_001)).toBeNull();
});

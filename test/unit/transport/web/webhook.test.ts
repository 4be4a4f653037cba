/** What a webhook answers where its router does not, and how it writes the names of headers. */

import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { Failure } from "#base/failure.ts";
import type { WebhookServiceConfig } from "#config/web-service/webhook-config.ts";
import { isSignedByGithub } from "#transport/web/webhook/github-signature.ts";
import { Webhook } from "#transport/web/webhook/webhook.ts";
import { webhookEvent } from "#transport/web/webhook/webhook-event.ts";
import { decodeMessage } from "#wamp/serializer/message-values.ts";
import { fakeTime } from "../../../support/fake-time.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { quietContext } from "../../../support/quiet-context.ts";
import { SilentCaller } from "../../../support/silent-caller.ts";

const config: WebhookServiceConfig = {
  type: "webhook",
  realm: "realm1",
  role: "user",
  options: {
    topic: "a.b",
    post_body_limit: 100,
    success_response: "taken",
    error_response: "not taken",
    github_secret: null,
  },
};
const BODY = Buffer.from("body");
const requestWith = (method: string, headers: Record<string, string> = {}) => ({
  method,
  url: new URL("http://localhost/"),
  headers: new Headers(headers),
  isHttp10: false,
  framing: { kind: "length", octets: BODY.length } as const,
  peer: "tcp4:192.0.2.7:1",
  isSecure: false,
  strictTransport: "",
});

function webhook(wampCaller = new SilentCaller()) {
  const { log, logged } = keptLog("warn");
  const hook = new Webhook(config, { ...quietContext, log, wampCaller });
  return { hook, logged, caller: wampCaller };
}

describe("a webhook", () => {
  test("answers 504 where the router does not acknowledge the event within 8 seconds", async () => {
    const pass = fakeTime();
    const { hook, caller, logged } = webhook();
    const answer = hook.perform(requestWith("POST"), BODY);
    pass(7999);
    expect(caller.asked[0]?.signal.aborted).toBe(false);
    pass(1);
    const { status, headers, body } = await answer;
    expect([status, String(body)]).toEqual([504, "not taken"]);
    expect(headers).not.toHaveProperty("Retry-After");
    const reason = "Cannot wait longer: there is no answer within 8000 ms";
    const where = { topic: "a.b", realm: "realm1", authrole: "user" };
    expect(logged).toEqual([
      ["webhook not published", { peer: "tcp4:192.0.2.7:1", ...where, reason }],
    ]);
  });

  test("asks for an acknowledgement, and answers 202 with it", async () => {
    const { hook, caller, logged } = webhook();
    const answer = hook.perform(requestWith("PUT"), BODY);
    caller.answer({ kind: "published", publication: 1 });
    const { status, headers, body } = await answer;
    expect([status, String(body)]).toEqual([202, "taken"]);
    expect(headers).toMatchObject({
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": expect.stringContaining("no-store"),
    });
    const { kind, realm, role, uri, options } = caller.asked[0] ?? {};
    expect({ kind, realm, role, uri, options: { ...options } }).toEqual({
      kind: "publish",
      realm: "realm1",
      role: "user",
      uri: "a.b",
      options: { acknowledge: true },
    });
    expect(logged).toEqual([]);
  });

  test.each([
    ["no router is reached", new Failure("away", { source: "router" }), 503, "1"],
    ["the program has a fault", new Error("a fault"), 500, undefined],
  ])("does not say why it fails because %s", async (_why, thrown, status, retryAfter) => {
    const { log, logged } = keptLog("warn");
    const failing = {
      request: () => Promise.reject(thrown),
      subscribe: () => Promise.reject(thrown),
    };
    const hook = new Webhook(config, { ...quietContext, log, wampCaller: failing });
    const answer = await hook.perform(requestWith("POST"), BODY);
    expect([answer.status, String(answer.body)]).toEqual([status, "not taken"]);
    expect(answer.headers["Retry-After"]).toBe(retryAfter as string);
    expect(logged[0]?.[1]).toMatchObject({ reason: thrown.message });
  });

  test("tells its methods, and takes no other", () => {
    const { hook } = webhook();
    const ask = (method: string) => hook.answerToHead(requestWith(method));
    const METHODS = "POST,PUT,OPTIONS";
    const allowed = { Allow: METHODS, "Access-Control-Allow-Methods": METHODS };
    expect(ask("OPTIONS")).toMatchObject({ status: 200, headers: allowed });
    expect([ask("POST"), ask("PUT")]).toEqual([null, null]);
    for (const method of ["GET", "HEAD", "DELETE", "PATCH"]) {
      expect(ask(method)).toMatchObject({ status: 405, headers: { Allow: METHODS } });
    }
  });

  test("has 512 slots, and answers 503 with Retry-After where none is free", () => {
    const { hook } = webhook();
    const slots = Array.from({ length: 512 }, () => hook.takeSlot());
    expect([slots.includes(null), hook.takeSlot()]).toEqual([false, null]);
    slots[0]?.release();
    expect(hook.takeSlot()).not.toBeNull();
    const refusal = (status: number) => hook.refuse(requestWith("POST"), status, "sentence");
    expect(refusal(503).headers["Retry-After"]).toBe("1");
    expect(refusal(408).headers).not.toHaveProperty("Retry-After");
  });

  test("needs a worker that publishes", () => {
    expect(() => new Webhook(config, quietContext)).toThrow("Cannot open a webhook");
  });
});

test("names of headers are written as Crossbar writes them", () => {
  const names = [
    "content-md5: Content-MD5",
    "DNT: DNT",
    "etag: ETag",
    "p3p: P3P",
    "te: TE",
    "www-authenticate: WWW-Authenticate",
    "x-xss-protection: X-XSS-Protection",
    "x-hub-signature-256: X-Hub-Signature-256",
    "constructor: Constructor",
    "__proto__: __proto__",
  ].map((line) => line.split(": ") as [string, string]);
  const fields = { entries: () => names.map(([name]): [string, string] => [name, "1"]) };
  const payload = webhookEvent(fields, BODY);
  const [type, [event]] = decodeMessage(
    Buffer.concat([Buffer.from("8200", "hex"), payload?.items[0] as Uint8Array]),
    "cbor",
  ) as [number, [{ headers: object; body: string }]];
  expect([type, event.body, payload?.serializer]).toEqual([0, "body", "cbor"]);
  expect(Object.entries(event.headers)).toEqual(names.map(([, name]) => [name, ["1"]]));
});

const SHA1 = `sha1=${createHmac("sha1", "secret").update(BODY).digest("hex")}`;
const signatures: [what: string, isSigned: boolean, headers: Record<string, string>][] = [
  ["no signature", false, {}],
  ["an empty signature", false, { "X-Hub-Signature": "" }],
  ["the weaker signature", true, { "X-Hub-Signature": SHA1 }],
  [
    "the weaker signature beside a wrong one",
    false,
    { "X-Hub-Signature": SHA1, "X-Hub-Signature-256": "sha256=00" },
  ],
  [
    "the weaker signature beside an empty one",
    false,
    { "X-Hub-Signature": SHA1, "X-Hub-Signature-256": "" },
  ],
];

test.each(signatures)("a body with %s is signed: %p", (_what, isSigned, headers) => {
  expect(isSignedByGithub(new Headers(headers), BODY, "secret")).toBe(isSigned);
});

/** The socket of the admin endpoint: what happens to it when certificates are renewed. */

import { describe, expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { openAdminListener } from "#node/admin/admin-listener.ts";
import { servedCertificates } from "#observe/served-certificates.ts";
import {
  hasOpenssl,
  replaceCertificate,
  selfSigned,
  shown,
  trusting,
} from "../../../support/certificates.ts";
import { afterTest } from "../../../support/cleanups.ts";
import { keptLog } from "../../../support/kept-log.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { freePort } from "../../../support/temporary-node.ts";
import { anyPort } from "../../../support/transports.ts";

/** An open one; `now` is its certificate. */
async function open(serve: () => Promise<Response> = async () => new Response("ok")) {
  const folder = temporaryFolder();
  const now = selfSigned(folder, "now");
  const port = freePort();
  const endpoint = { ...anyPort, interface: "127.0.0.1", port, tls: now };
  const { log, logged } = keptLog("info", "error");
  const listener = await openAdminListener(endpoint, serve, log);
  afterTest(() => listener.stop());
  return { folder, now, port, endpoint, log, logged, listener };
}

describe.skipIf(!hasOpenssl)("renewed certificates", () => {
  test("are shown on the same port, and requests that have begun are answered", async () => {
    const begun = Promise.withResolvers<void>();
    const may = Promise.withResolvers<void>();
    const { folder, now, listener } = await open(async () => {
      begun.resolve();
      await may.promise;
      return new Response("answered");
    });
    const answer = fetch(listener.url, { tls: trusting(now) });
    await begun.promise;
    replaceCertificate(now, selfSigned(folder, "later"));
    listener.renewCertificates();
    expect((await shown(Number(new URL(listener.url).port))).name).toBe("later");
    may.resolve();
    expect(await (await answer).text()).toBe("answered");
  });

  test("that the server refuses leave the old ones in use", async () => {
    const { now, port, logged, listener } = await open();
    appendFileSync(
      now.certificate,
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    listener.renewCertificates();
    expect(logged.map(([event]) => event)).toEqual(["certificate not renewed"]);
    expect((await shown(port)).name).toBe("now");
  });
});

test.skipIf(!hasOpenssl)("a port that is in use leaves no certificate behind", async () => {
  const { endpoint, log } = await open();
  const before = servedCertificates.size;
  await expect(openAdminListener(endpoint, async () => new Response(), log)).rejects.toThrow(
    `Cannot listen on "127.0.0.1:${endpoint.port}" for controller.admin: `,
  );
  expect(servedCertificates.size).toBe(before);
});

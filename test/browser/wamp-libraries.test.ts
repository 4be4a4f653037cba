/** WAMP libraries in a page that an archive serves: every serializer, with TLS and compression and without. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Browser, Page } from "playwright-core";
import { hasOpenssl, signedByAuthority } from "../support/certificates.ts";
import { hasChromium, inPage, launchChromium, trustFlag } from "../support/chromium.ts";
import { startPageNode, webSocket } from "../support/page-node.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, type TemporaryNode } from "../support/temporary-node.ts";
import { joinAutobahn, type WampClient } from "../support/wamp-clients.ts";

const [port = 0, tlsPort = 0] = freePorts(2);
const deflate = { max_window_bits: 13, request_max_window_bits: 13 };
const paths = {
  ws: webSocket,
  deflated: { ...webSocket, options: { compression: { deflate } } },
};

const kinds = ["json", "msgpack", "cbor"].flatMap((serializer) =>
  Object.keys(paths).map((path) => [serializer, path] as const),
);
const values = [
  ...["text", "Grüße 👋", "long ".repeat(20_000), 42, -1, 1.5, 2 ** 31, true, null],
  ...[[1, [2]], { b: 1, a: [null] }],
];

describe.skipIf(!hasChromium)("a page", () => {
  let node: TemporaryNode;
  let browser: Browser;
  let program: WampClient;

  beforeAll(async () => {
    const { leaf } = hasOpenssl ? signedByAuthority(temporaryFolder(), "node") : { leaf: null };
    node = await startPageNode({
      [port]: { paths },
      ...(leaf && { [tlsPort]: { paths, endpoint: { tls: leaf } } }),
    });
    browser = await launchChromium(...(leaf?.chain_certificates ?? []).map(trustFlag));
    program = await joinAutobahn(`ws://127.0.0.1:${port}/ws`, "cbor");
    await program.registerEcho("com.example.program");
  }, 30_000);

  afterAll(async () => {
    await program?.leave();
    await browser?.close();
    await node?.stop();
  });

  describe.each([
    ["autobahn", "http"],
    ["wampy", "http"],
    ...(hasOpenssl ? [["autobahn", "https"] as const, ["wampy", "https"] as const] : []),
  ])("with %s over %s", (library, scheme) => {
    const authority = `localhost:${scheme === "https" ? tlsPort : port}`;
    let page: Page;

    beforeAll(async () => {
      page = await browser.newPage();
      await page.goto(`${scheme}://${authority}/pages/${library}.html`);
    });

    test.each(kinds)("joins in %s at /%s", async (serializer, path) => {
      const url = `${scheme === "https" ? "wss" : "ws"}://${authority}/${path}`;
      const welcome = { authrole: "anonymous", authmethod: "anonymous" };
      expect(await inPage(page, "join", { url, serializer })).toMatchObject(welcome);
      expect(await inPage(page, "negotiated")).toEqual({
        protocol: `wamp.2.${serializer}`,
        extensions: path === "ws" ? "" : expect.stringMatching(/^permessage-deflate/),
      });

      expect(await inPage(page, "call", "com.example.program", values)).toEqual(values);
      await inPage(page, "registerEcho", "com.example.page");
      expect(await program.call("com.example.page", values)).toEqual(values);
      await inPage(page, "subscribe", "com.example.topic");
      await program.publish("com.example.topic", values);
      expect(await inPage(page, "next")).toEqual(values);
      await inPage(page, "leave");
    });
  });
});

/** Files that a page sends: by fetch with a form, and chosen by a user with Resumable.js. */

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { hasOpenssl, selfSigned } from "../support/certificates.ts";
import { hasChromium, inPage, launchChromium, openPage, trustFlag } from "../support/chromium.ts";
import { startPageNode } from "../support/page-node.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { freePorts, type TemporaryNode } from "../support/temporary-node.ts";

const [port = 0, tlsPort = 0] = freePorts(2);
const MIB = 1_048_576;

const form_fields = {
  file_name: "resumableFilename",
  mime_type: "resumableType",
  total_size: "resumableTotalSize",
  chunk_number: "resumableChunkNumber",
  chunk_size: "resumableChunkSize",
  total_chunks: "resumableTotalChunks",
  content: "file",
};
const upload = (max_file_size: number) => ({
  type: "upload",
  realm: "realm1",
  role: "anonymous",
  directory: "uploaded",
  temp_directory: "incomplete",
  form_fields,
  options: { max_file_size },
});
const paths = {
  upload: upload(64 * MIB),
  small: upload(MIB),
  call: { type: "caller", realm: "realm1", role: "anonymous" },
  value: { type: "json", value: 1 },
};

describe.skipIf(!hasChromium)("a page", () => {
  let node: TemporaryNode;
  let browser: Browser;

  beforeAll(async () => {
    const tls = hasOpenssl ? selfSigned(temporaryFolder(), "node") : null;
    const withTls = tls && { [tlsPort]: { paths, endpoint: { tls } } };
    node = await startPageNode({ [port]: { paths }, ...withTls }, ["uploaded"]);
    browser = await launchChromium(...(tls ? [trustFlag(tls.certificate)] : []));
  }, 30_000);

  afterAll(async () => {
    await browser?.close();
    await node?.stop();
  });

  const uploaded = (name: string) => join(node.folder, "uploaded", name);
  const digestOf = (file: string) =>
    new Bun.CryptoHasher("sha256").update(readFileSync(file)).digest("hex");

  /** Octets in a second that leave the browser. */
  async function slowDown(page: Page, uploadThroughput: number): Promise<void> {
    const session = await page.context().newCDPSession(page);
    const unlimited = { offline: false, latency: 0, downloadThroughput: -1 };
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", { ...unlimited, uploadThroughput });
  }

  const origins = [["http", port] as const, ...(hasOpenssl ? [["https", tlsPort] as const] : [])];

  describe.each(origins)("over %s", (scheme, at) => {
    let page: Page;

    beforeAll(async () => {
      page = await browser.newPage();
      await page.goto(`${scheme}://127.0.0.1:${at}/pages/upload.html`);
    });

    test("sends a large file as one chunk", async () => {
      const name = `${scheme}.bin`;
      await inPage(page, "makeFile", name, 40 * MIB + 1);
      expect(await inPage(page, "send", "/upload")).toEqual([200, ""]);
      expect(digestOf(uploaded(name))).toBe(String(await inPage(page, "digest")));
    });

    test.each([
      ["too long a file", "/small", 413],
      ["a body to what has none", "/value", 413],
      ["a form to what takes JSON", "/call", 400],
    ])("that sends %s learns it, though it would send for 8 s", async (_, path, status) => {
      await inPage(page, "makeFile", "long.bin", 16 * MIB);
      await slowDown(page, 2 * MIB);
      // The connection is reset meanwhile, behind the answer.
      expect(await inPage(page, "send", path)).toEqual([status, expect.any(String)]);
    });
  });

  test("sends a file that its user has chosen, with Resumable.js", async () => {
    const page = await openPage(browser, `http://127.0.0.1:${port}/pages/upload.html`);
    const octets = crypto.getRandomValues(new Uint8Array(65_536));
    const file = join(temporaryFolder(), "Grüße 👋.csv");
    writeFileSync(file, Buffer.concat(Array.from({ length: 130 }, () => octets)));
    await page.setInputFiles("#browse", file);
    expect(await inPage(page, "next")).toBe("complete");
    expect(digestOf(uploaded("Grüße 👋.csv"))).toBe(digestOf(file));
  });

  test("of another site sends no file", async () => {
    const page = await openPage(browser, `http://localhost:${port}/pages/upload.html`);
    await inPage(page, "makeFile", "foreign.bin", 100);
    expect(await inPage(page, "send", `http://127.0.0.1:${port}/upload`)).toBe("TypeError");
    expect(existsSync(uploaded("foreign.bin"))).toBe(false);
    expect(await inPage(page, "send", "/upload")).toEqual([200, ""]);
  });
});

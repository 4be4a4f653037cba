/** The page that `crossproxy init` writes, in a browser. */

import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasChromium, launchChromium, openPage } from "../support/chromium.ts";
import { afterTest } from "../support/cleanups.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { BINARY, buildMissingBinary, freePort, startNodeOf } from "../support/temporary-node.ts";

test.skipIf(!hasChromium)(
  "each window gets what another one publishes",
  async () => {
    buildMissingBinary();
    const folder = temporaryFolder();
    Bun.spawnSync([BINARY, "init"], { cwd: folder });
    const port = freePort();
    const config = join(folder, ".crossbar/config.json");
    writeFileSync(config, readFileSync(config, "utf8").replace("8080", String(port)));
    const node = await startNodeOf("start", folder);
    afterTest(() => node.stop());
    const browser = await launchChromium();
    afterTest(() => browser.close());
    const open = async () => {
      const page = await openPage(browser, `http://127.0.0.1:${port}/`);
      await page.waitForFunction(
        'document.getElementById("state").textContent.startsWith("joined")',
      );
      return page;
    };
    const [one, other] = [await open(), await open()];
    await one.fill("#text", "<b>hello</b>");
    await one.click("button");
    for (const page of [one, other]) {
      await page.waitForSelector("#events li");
      expect(await page.locator("#events li").allTextContents()).toEqual(["<b>hello</b>"]);
    }
  },
  60_000,
);

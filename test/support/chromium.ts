/** Chromium without a window, for tests of what browsers do; they are left out where this machine has none. */

import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterTest } from "./cleanups.ts";

const executablePath = ["chromium", "chromium-browser", "google-chrome"]
  .map((name) => Bun.which(name))
  .find((path) => path !== null);

/** Whether this machine has it. */
export const hasChromium = executablePath !== undefined;

if (!hasChromium) console.log("LEFT OUT: the tests in a browser, as there is no Chromium");

/** Nothing of these talks to other machines, or needs a user's session. */
const FLAGS = [
  ...["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update"],
];

/** Starts a browser with an empty profile. */
export function launchChromium(...flags: string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: executablePath ?? "",
    // Chromium's sandbox does not start for root; it opens pages of the tests alone.
    chromiumSandbox: false,
    args: [...FLAGS, ...flags],
  });
}

/** Has Chromium accept the certificates that have this key or are signed with it, and no others. */
export function trustFlag(certificate: string): string {
  const key = new X509Certificate(readFileSync(certificate)).publicKey;
  const octets = key.export({ type: "spki", format: "der" });
  const hash = new Bun.CryptoHasher("sha256").update(octets).digest("base64");
  return `--ignore-certificate-errors-spki-list=${hash}`;
}

/** What a user has open for one test: pages that share cookies. */
export async function openUser(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext();
  afterTest(() => context.close());
  return context;
}

/** A page for one test, of a user of its own. */
export async function openPage(browser: Browser, url: string): Promise<Page> {
  const context = await openUser(browser);
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

/** Calls a function of a page's script, and gives what it resolves with. */
export function inPage(page: Page, name: string, ...args: unknown[]): Promise<unknown> {
  return page.evaluate(`${name}(${args.map((arg) => JSON.stringify(arg)).join(", ")})`);
}

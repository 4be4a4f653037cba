/**
 * DownloadedKeys: the keys of an issuer at a URL, downloaded again from time to time, and when a token names a
 * key that is not among them.
 *
 *     no download succeeds    the last keys go on for `lifetime`; then no token is accepted
 *     an unknown key          one download, for which its tokens wait; the next one only after a pause
 *
 * @module
 */

import type { JWTVerifyGetKey } from "jose";
import { errorCodeOf, sentenceOf } from "#base/failure.ts";
import type { PublicKeySet } from "#base/public-key-set.ts";
import type { KeySourceConfig } from "#config/auth/token-config.ts";
import type { Logger } from "#observe/logger.ts";
import { type KeySource, KeysUnavailable, keysAmong } from "./key-source.ts";

/** Pause between two downloads, so that clients with unknown keys cause no more of them. */
export const DOWNLOAD_PAUSE_MS = 10_000;

/** Downloads a set. */
export type Download = (url: string, stopped: AbortSignal) => Promise<PublicKeySet>;

/** The keys of the last download that succeeded. */
interface Downloaded {
  find: JWTVerifyGetKey;
  at: number;
}

/** The keys at one URL. */
export class DownloadedKeys implements KeySource {
  readonly #config: Extract<KeySourceConfig, { type: "url" }>;
  readonly #download: Download;
  readonly #log: Logger;
  readonly #stopped = new AbortController();
  #keys: Downloaded | null = null;
  /** The download that is under way. */
  #downloading: Promise<void> | null = null;
  #lastBegun = Number.NEGATIVE_INFINITY;
  #hasFailed = false;
  #timer: Timer | undefined;

  /** Begins the first download, and does not wait for it. */
  constructor(config: Extract<KeySourceConfig, { type: "url" }>, download: Download, log: Logger) {
    this.#config = config;
    this.#download = download;
    this.#log = log;
    void this.#refresh();
  }

  readonly find: JWTVerifyGetKey = async (header, token) => {
    const known = this.#current() ?? (await this.#renewed());
    if (known === null) throw new KeysUnavailable();
    try {
      return await known(header, token);
    } catch (thrown) {
      if (errorCodeOf(thrown) !== "ERR_JWKS_NO_MATCHING_KEY") throw thrown;
      const renewed = await this.#renewed();
      if (renewed === null || renewed === known) throw thrown;
      return renewed(header, token);
    }
  };

  close(): void {
    clearTimeout(this.#timer);
    this.#stopped.abort();
  }

  /** The keys, unless they are too old. */
  #current(): JWTVerifyGetKey | null {
    if (this.#keys === null) return null;
    const isOver = performance.now() - this.#keys.at > this.#config.lifetime;
    return isOver ? null : this.#keys.find;
  }

  /** The keys after the download that is under way, or a new one unless there was one lately. */
  async #renewed(): Promise<JWTVerifyGetKey | null> {
    const isRecent = performance.now() - this.#lastBegun < DOWNLOAD_PAUSE_MS;
    await (this.#downloading ?? (isRecent ? null : this.#refresh()));
    return this.#current();
  }

  #refresh(): Promise<void> {
    clearTimeout(this.#timer);
    this.#lastBegun = performance.now();
    this.#downloading = this.#run().finally(() => {
      this.#downloading = null;
      this.#scheduleNext();
    });
    return this.#downloading;
  }

  #scheduleNext(): void {
    if (this.#stopped.signal.aborted) return;
    const { refresh_interval } = this.#config;
    const delay = this.#hasFailed
      ? Math.min(DOWNLOAD_PAUSE_MS, refresh_interval)
      : refresh_interval;
    this.#timer = setTimeout(() => void this.#refresh(), delay);
    this.#timer.unref();
  }

  async #run(): Promise<void> {
    try {
      const set = await this.#download(this.#config.url, this.#stopped.signal);
      this.#keys = { find: keysAmong(set), at: performance.now() };
      if (this.#hasFailed) this.#log.info("keys of tokens downloaded again", this.#facts());
      this.#hasFailed = false;
    } catch (thrown) {
      if (this.#stopped.signal.aborted) return;
      const facts = { ...this.#facts(), reason: sentenceOf(thrown) };
      // An outage may be long.
      this.#log[this.#hasFailed ? "debug" : "warn"]("keys of tokens not downloaded", facts);
      this.#hasFailed = true;
    }
  }

  /** Without the query, which may have a secret. */
  #facts() {
    return { url: this.#config.url.replace(/\?.*$/, "") };
  }
}

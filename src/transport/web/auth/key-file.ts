/**
 * KeyFile: the keys of an issuer in a file, which is read again when it changes.
 *
 * @module
 */

import type { JWTVerifyGetKey } from "jose";
import { Failure } from "#base/failure.ts";
import { fileStateOf } from "#base/file-state.ts";
import { readPublicKeyFile } from "#base/public-key-set.ts";
import type { Logger } from "#observe/logger.ts";
import { WATCH_INTERVAL_MS, watchFiles } from "#transport/endpoint/file-watch.ts";
import { type KeySource, keysAmong } from "./key-source.ts";

/** The keys in one file. While what is written there cannot be read, those before it go on. */
export class KeyFile implements KeySource {
  readonly #file: string;
  readonly #log: Logger;
  readonly #unwatch: () => void;
  #find: JWTVerifyGetKey;

  /** @throws Failure when the keys cannot be read. */
  constructor(file: string, log: Logger, watchIntervalMs: number = WATCH_INTERVAL_MS) {
    this.#file = file;
    this.#log = log;
    this.#find = this.#read();
    this.#unwatch = watchFiles([file], () => this.#readAgain(), watchIntervalMs);
  }

  readonly find: JWTVerifyGetKey = (header, token) => this.#find(header, token);

  close(): void {
    this.#unwatch();
  }

  #read(): JWTVerifyGetKey {
    try {
      return keysAmong(readPublicKeyFile(this.#file));
    } catch (thrown) {
      const sentence = `Cannot read the keys from "${this.#file}": ${fileStateOf(thrown)}`;
      throw new Failure(sentence, { source: "config", cause: thrown });
    }
  }

  #readAgain(): void {
    try {
      this.#find = this.#read();
      this.#log.info("keys of tokens read again", { file: this.#file });
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      this.#log.warn("keys of tokens not read again", { reason: thrown.message });
    }
  }
}

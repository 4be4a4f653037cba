/**
 * Opens the keys that tokens are signed with, wherever they are.
 *
 * @module
 */

import type { TokenConfig } from "#config/auth/token-config.ts";
import type { Logger } from "#observe/logger.ts";
import { DownloadedKeys } from "./downloaded-keys.ts";
import { downloadKeys } from "./key-download.ts";
import { KeyFile } from "./key-file.ts";
import { type KeySource, secretKey } from "./key-source.ts";

/**
 * The keys of an issuer.
 *
 * @throws Failure when they cannot be read from their file.
 */
export function openKeys({ keys }: TokenConfig, log: Logger): KeySource {
  switch (keys.type) {
    case "secret":
      return secretKey(keys.secret);
    case "file":
      return new KeyFile(keys.file, log);
    case "url":
      return new DownloadedKeys(keys, downloadKeys, log);
  }
}

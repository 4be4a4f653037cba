/**
 * UploadPath: what the requests for one upload path share.
 *
 * @module
 */

import type { UploadServiceConfig } from "#config/web-service/upload-config.ts";
import type { Logger } from "#observe/logger.ts";
import type { RequestSlots } from "#transport/web/bridge/request-slots.ts";
import type { WampCaller } from "#wamp/wamp-caller.ts";
import type { StaleUploads } from "./stale-uploads.ts";
import type { UploadStore } from "./upload-store.ts";

/** What they share. */
export interface UploadPath {
  config: UploadServiceConfig;
  log: Logger;
  caller: WampCaller;
  store: UploadStore;
  stale: StaleUploads;
  slots: RequestSlots;
}

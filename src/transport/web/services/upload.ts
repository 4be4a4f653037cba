/**
 * `type: upload`: files that come in chunks.
 *
 * Upload answers the requests; only paths that hide `..` reach `handle`.
 *
 * @module
 */

import type { UploadServiceConfig } from "#config/web-service/upload-config.ts";
import type { TransportContext } from "#transport/listener.ts";
import { malformedPath } from "#transport/web/error-page.ts";
import { Upload } from "#transport/web/upload/upload.ts";
import type { WebService } from "#transport/web/web-service.ts";

/**
 * Opens the service of one path.
 *
 * @throws Failure when the worker has no WampCaller.
 */
export function openUpload(config: UploadServiceConfig, context: TransportContext): WebService {
  const streaming = new Upload(config, context);
  return {
    streaming,
    handle: () => malformedPath(),
    isInUse: () => streaming.isInUse,
    close: () => streaming.close(),
  };
}

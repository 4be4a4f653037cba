/**
 * Upload: takes the files that clients of one path send in chunks, as Resumable.js does.
 *
 *     GET    whether a chunk is there: 200 or 404
 *     POST   a chunk, as a form
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { UploadServiceConfig } from "#config/web-service/upload-config.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import type { TransportContext } from "#transport/listener.ts";
import { RequestSlots } from "#transport/web/bridge/request-slots.ts";
import type { StreamedRequest, StreamingService } from "#transport/web/streaming-service.ts";
import { StaleUploads } from "./stale-uploads.ts";
import type { UploadPath } from "./upload-path.ts";
import { UploadRequest } from "./upload-request.ts";
import { UploadStore } from "./upload-store.ts";

/** Most requests for one path at once, each with a file that is open. */
const MAX_REQUESTS = 128;

/** The uploads of one path. */
export class Upload implements StreamingService {
  readonly #path: UploadPath;
  readonly #open = new Set<UploadRequest>();

  /** @throws Failure when the worker has no WampCaller. */
  constructor(config: UploadServiceConfig, { log, wampCaller }: TransportContext) {
    if (wampCaller === undefined) {
      const sentence = "Cannot open an upload: this worker has no WAMP sessions of its own";
      throw new Failure(sentence, { source: "internal" });
    }
    const store = new UploadStore(config);
    const stale = new StaleUploads(config.temp_directory, log);
    const slots = new RequestSlots(MAX_REQUESTS);
    this.#path = { config, log, caller: wampCaller, store, stale, slots };
    void stale.remove();
  }

  open(streamed: StreamedRequest): ConnectionEvents {
    const request = new UploadRequest(streamed, this.#path, () => this.#open.delete(request));
    this.#open.add(request);
    request.begin();
    return request;
  }

  /** Whether a request is open. */
  get isInUse(): boolean {
    return this.#open.size > 0;
  }

  /** Answers every open request with 503. */
  close(): void {
    for (const request of [...this.#open]) request.shutDown();
  }
}

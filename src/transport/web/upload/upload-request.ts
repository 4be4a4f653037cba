/**
 * UploadRequest: one request for an upload path, from its head to its answer.
 *
 * The octets of a chunk are written to a file as they come; a client that sends faster than the disk takes them
 * is paused.
 *
 * @module
 */

import { errorCodeOf } from "#base/failure.ts";
import { fileStateOf } from "#base/file-state.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import { addressOf } from "#transport/endpoint/peer-address.ts";
import { BodyDecoder } from "#transport/http/body-decoder.ts";
import { TEXT_HEADERS } from "#transport/http/page-headers.ts";
import { StreamedAnswer } from "#transport/http/streamed-answer.ts";
import type { RequestSlot } from "#transport/web/bridge/request-slots.ts";
import type { StreamedRequest } from "#transport/web/streaming-service.ts";
import { ChunkForm } from "./chunk-form.ts";
import { FormReader, MalformedForm } from "./form-reader.ts";
import { RefusedUpload } from "./refused-upload.ts";
import { chunkOf, progressOf } from "./upload-fields.ts";
import type { UploadPath } from "./upload-path.ts";
import { publishProgress } from "./upload-progress.ts";

const METHODS = "GET, HEAD, POST, OPTIONS";

/** Time in which more of a body has to come, and time for all of it. */
const IDLE_MS = 30_000;
const BODY_MS = 3_600_000;

/** Octets of a form besides the chunk in it. */
const FORM_OCTETS = 1_048_576;

/** The disk is full, or what a user or a file may take of it. */
const FULL_CODES = ["ENOSPC", "EDQUOT", "EFBIG"];

const CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n";

/** One request. */
export class UploadRequest implements ConnectionEvents {
  readonly #streamed: StreamedRequest;
  readonly #path: UploadPath;
  readonly #onOver: () => void;
  readonly #answer: StreamedAnswer;
  #slot: RequestSlot | null = null;
  #body: BodyDecoder | null = null;
  #bodyOctets = 0;
  #reader: FormReader | null = null;
  #form: ChunkForm | null = null;
  #idle: ReturnType<typeof setTimeout> | undefined;
  #late: ReturnType<typeof setTimeout> | undefined;
  #isOver = false;

  /** `onOver` is called once. */
  constructor(streamed: StreamedRequest, path: UploadPath, onOver: () => void) {
    const { socket, request, readNextRequest } = streamed;
    this.#streamed = streamed;
    this.#path = path;
    this.#onOver = onOver;
    this.#answer = new StreamedAnswer({ socket, request, readNextRequest, onDrained: () => {} });
  }

  /** Reads the head. */
  begin(): void {
    const { request, octetsAfterHead, path } = this.#streamed;
    const { framing, method } = request;
    const hasBody = framing.kind === "chunked" || framing.octets > 0;
    if (!hasBody) this.#answer.endRequest(octetsAfterHead);
    try {
      this.#slot = this.#path.slots.take();
      if (path !== "" && path !== "/") throw new RefusedUpload(404, "There is nothing here");
      if (this.#slot === null) {
        throw new RefusedUpload(503, "Cannot take the request: too many are waiting");
      }
      if (method === "POST" && request.headers.get("sec-fetch-site") === "cross-site") {
        throw new RefusedUpload(403, "Cannot take the chunk: a page of another site sends it");
      }
      if (method === "OPTIONS") this.#finish(204, "", { Allow: METHODS });
      else if (method === "POST") this.#beginForm();
      else if (method === "GET" || method === "HEAD") void this.#testChunk();
      else this.#finish(405, `Cannot take ${method}`, { Allow: METHODS });
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  received(chunk: Uint8Array): void {
    if (this.#body === null || this.#isOver) {
      this.#answer.received(chunk);
      return;
    }
    this.#idle?.refresh();
    const { socket } = this.#streamed;
    const resume = () => socket.resume();
    const state = this.#body.push(chunk, (octets) => {
      this.#bodyOctets += octets.length;
      // The octets are borrowed, and the form keeps them until they are written.
      if (this.#reader?.write(Buffer.from(octets), resume) === false) socket.pause();
    });
    if (state === "malformed") this.#refuse(400, "Cannot read the body: its chunks are malformed");
    else if (this.#bodyOctets + this.#body.missing > this.#maxBodyOctets) this.#refuseLongBody();
    else if (state === "complete") this.#endBody(this.#body);
  }

  drained(): void {
    this.#answer.drained();
  }

  ended(): void {
    if (this.#isOver) this.#answer.ended();
    else if (this.#body !== null) this.#refuse(400, "Cannot read the body: it is cut off");
  }

  closed(): void {
    this.#answer.closed();
    this.#end()?.catch((thrown) => this.#logFailure(thrown));
  }

  /** The worker shuts down. */
  shutDown(): void {
    this.#refuse(503, "Cannot take the request: the node shuts down");
  }

  get #maxBodyOctets(): number {
    return this.#path.config.options.max_file_size + FORM_OCTETS;
  }

  /** Answers whether a chunk is there, as Resumable.js asks before it sends one. */
  async #testChunk(): Promise<void> {
    const query = new URLSearchParams(this.#streamed.request.url.search);
    try {
      const chunk = chunkOf((name) => query.get(name), this.#path.config);
      const isThere = await this.#path.store.hasChunk(chunk);
      this.#finish(isThere ? 200 : 404, isThere ? "This chunk is there" : "This chunk is missing");
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  #beginForm(): void {
    const { request, octetsAfterHead } = this.#streamed;
    const { headers, framing } = request;
    const type = headers.get("content-type") ?? "";
    if (!/^multipart\/form-data\s*(;|$)/i.test(type)) {
      throw new RefusedUpload(415, "Cannot take the chunk: it is no multipart/form-data");
    }
    if (framing.kind === "length" && framing.octets > this.#maxBodyOctets) {
      this.#refuseLongBody();
      return;
    }
    const form = new ChunkForm(this.#path);
    this.#form = form;
    this.#reader = new FormReader(type, (name, octets) => form.takePart(name, octets));
    this.#reader.whole.then(() => this.#store(form)).catch((thrown) => this.#failed(thrown));
    this.#body = new BodyDecoder(framing);
    const [idle, late] = [IDLE_MS, BODY_MS].map((ms) => setTimeout(() => this.#timedOut(), ms));
    this.#idle = idle;
    this.#late = late;
    if (headers.get("expect")?.toLowerCase() === "100-continue")
      this.#answer.writeInterim(CONTINUE);
    this.received(octetsAfterHead);
  }

  #endBody(body: BodyDecoder): void {
    this.#body = null;
    clearTimeout(this.#idle);
    clearTimeout(this.#late);
    this.#answer.endRequest(body.octetsAfterBody);
    this.#reader?.end();
  }

  async #store(form: ChunkForm): Promise<void> {
    const { config, store, stale } = this.#path;
    if (this.#isOver) return;
    const chunk = chunkOf(form.fieldOf, config);
    const progress = progressOf(form.fieldOf, config);
    const part = form.takePartOf(chunk);
    const client = addressOf(this.#streamed.request.peer) ?? "unix";
    const stored = await store.store(chunk, part, client);
    if (stored.isFirst) void stale.remove();
    if (progress !== null) await publishProgress(this.#path, progress, chunk, stored);
    this.#finish(200, "");
  }

  #timedOut(): void {
    this.#refuse(408, "Cannot read the body: it did not come in time");
  }

  #refuseLongBody(): void {
    const { max_file_size } = this.#path.config.options;
    this.#refuse(413, `Cannot take the file: it is longer than ${max_file_size} octets`);
  }

  #failed(thrown: unknown): void {
    if (thrown instanceof RefusedUpload) this.#refuse(thrown.status, thrown.message);
    else if (thrown instanceof MalformedForm) this.#refuse(400, thrown.message);
    else if (!this.#isOver) {
      this.#logFailure(thrown);
      const isFull = FULL_CODES.includes(errorCodeOf(thrown) ?? "");
      if (isFull) this.#refuse(507, "Cannot store the chunk: no space is left");
      else this.#refuse(500, "Cannot store the chunk: something went wrong here");
    }
  }

  #logFailure(thrown: unknown): void {
    this.#path.log.error("upload not stored", { reason: fileStateOf(thrown) });
  }

  #refuse(status: number, sentence: string): void {
    this.#finish(status, sentence, status === 503 ? { "Retry-After": "1" } : {});
  }

  #finish(status: number, sentence: string, more: Record<string, string> = {}): void {
    if (this.#isOver) return;
    const removed = this.#end();
    const headers = { ...TEXT_HEADERS, "Cache-Control": "no-store", ...more };
    const body = status === 204 ? null : Buffer.from(sentence === "" ? "" : `${sentence}.\n`);
    const answer = () => {
      this.#streamed.socket.resume();
      if (!this.#answer.isOver) this.#answer.answer({ status, headers, body });
    };
    if (removed === undefined) answer();
    else removed.catch((thrown) => this.#logFailure(thrown)).finally(answer);
  }

  /** Releases what the request has taken; gives when what it has written is removed, unless it is stored. */
  #end(): Promise<void> | undefined {
    if (this.#isOver) return undefined;
    this.#isOver = true;
    this.#body = null;
    clearTimeout(this.#idle);
    clearTimeout(this.#late);
    this.#slot?.release();
    this.#onOver();
    return this.#form?.discard();
  }
}

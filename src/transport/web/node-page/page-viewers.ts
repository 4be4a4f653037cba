/**
 * PageViewers: sends the figures of the node, as they change, to its viewers, as Server-Sent Events.
 *
 * Each event has all figures, so a viewer that does not read in time misses events until it has taken what waits for
 * it. The events are JSON; with `?format=html` they are what the page's script shows.
 *
 * @module
 */

import type { NodeStatistics } from "#observe/statistics.ts";
import type { ConnectionEvents } from "#transport/endpoint/connection.ts";
import type { ConnectionSlot } from "#transport/endpoint/connection-limit.ts";
import type { HttpAnswer } from "#transport/http/http-answer.ts";
import type { HttpRequest } from "#transport/http/http-request.ts";
import { StreamedAnswer } from "#transport/http/streamed-answer.ts";
import type { TransportContext } from "#transport/listener.ts";
import type { StreamedRequest, StreamingService } from "#transport/web/streaming-service.ts";
import type { PageAccess } from "./page-access.ts";
import { pageUpdateOf } from "./page-document.ts";
import { formatOf, unknownFormat, wantsEvents } from "./page-format.ts";

/** Most viewers at one path of a worker. */
const MAX_VIEWERS = 100;

/** Time in which a viewer has to take something of an event that waits for it. */
const STALL_TIMEOUT_MS = 30_000;

/** Milliseconds after which a browser connects again. */
const RETRY_MS = 2_000;
const FULL_RETRY_MS = 10_000;

const HEAD = [
  "HTTP/1.1 200 OK",
  "Content-Type: text/event-stream",
  // Proxies before this node pass events on at once.
  "Cache-Control: no-store",
  "X-Accel-Buffering: no",
  "X-Content-Type-Options: nosniff",
  "Vary: Accept, Authorization",
];

type Format = "html" | "json";

/** The viewers at one path. */
export class PageViewers implements StreamingService {
  readonly #access: PageAccess;
  readonly #context: TransportContext;
  readonly #viewers = new Map<PageViewer, ConnectionSlot | undefined>();
  /** Ends the events; null: there is no viewer. */
  #unwatch: (() => void) | null = null;

  constructor(access: PageAccess, context: TransportContext) {
    this.#access = access;
    this.#context = context;
  }

  takes(request: HttpRequest, path: string): boolean {
    return (path === "" || path === "/") && wantsEvents(request);
  }

  open(streamed: StreamedRequest): ConnectionEvents {
    const { request, limit } = streamed;
    const format = formatOf(request);
    const viewer = new PageViewer(streamed, format ?? "json", () => this.#noteOver(viewer));
    const refusal =
      this.#access.refusalOf(request) ?? (format === undefined ? unknownFormat() : null);
    const isFull = this.#viewers.size >= MAX_VIEWERS;
    const slot = refusal === null && !isFull ? limit?.take(request.peer) : undefined;
    if (refusal !== null) viewer.refuse(refusal);
    else if (isFull || slot === null) viewer.postpone();
    else this.#add(viewer, slot);
    return viewer;
  }

  /** Ends all events. */
  close(): void {
    for (const viewer of [...this.#viewers.keys()]) viewer.end();
  }

  #add(viewer: PageViewer, slot: ConnectionSlot | undefined): void {
    this.#viewers.set(viewer, slot);
    viewer.begin();
    const { statistics } = this.#context;
    // The first event follows at once: to the first viewer because watching begins with one, to others as a reading.
    if (this.#unwatch === null) {
      this.#unwatch = statistics.watch((latest) => this.#send(this.#viewers.keys(), latest));
      return;
    }
    const sendFirst = (latest: NodeStatistics) => this.#send([viewer], latest);
    // Without an answer now, the next change is the first event.
    statistics.read().then(sendFirst, () => {});
  }

  #noteOver(viewer: PageViewer): void {
    this.#viewers.get(viewer)?.release();
    this.#viewers.delete(viewer);
    if (this.#viewers.size > 0) return;
    this.#unwatch?.();
    this.#unwatch = null;
  }

  /** Each format is printed once for all. */
  #send(viewers: Iterable<PageViewer>, statistics: NodeStatistics): void {
    const printed = new Map<Format, Uint8Array>();
    for (const viewer of [...viewers]) {
      const event = printed.get(viewer.format) ?? this.#print(viewer.format, statistics);
      printed.set(viewer.format, event);
      viewer.send(event);
    }
  }

  #print(format: Format, statistics: NodeStatistics): Uint8Array {
    const { workerId: answeredBy } = this.#context.nodeInfo;
    const data =
      format === "html" ? pageUpdateOf(statistics, answeredBy) : { ...statistics, answeredBy };
    return Buffer.from(`data: ${JSON.stringify(data)}\n\n`);
  }
}

/** One viewer, from its request to the end of its connection. */
class PageViewer implements ConnectionEvents {
  readonly format: Format;
  readonly #answer: StreamedAnswer;
  readonly #onOver: () => void;
  #isOver = false;
  /** Whether much of the events before waits. */
  #isBehind = false;

  constructor(streamed: StreamedRequest, format: Format, onOver: () => void) {
    const { socket, request, readNextRequest, octetsAfterHead } = streamed;
    this.format = format;
    this.#onOver = onOver;
    this.#answer = new StreamedAnswer({
      socket,
      request,
      readNextRequest,
      onDrained: () => {
        this.#isBehind = false;
      },
      stallTimeoutMs: STALL_TIMEOUT_MS,
    });
    this.#answer.endRequest(octetsAfterHead);
  }

  /** Answers with a page in place of events. */
  refuse(page: HttpAnswer): void {
    this.#isOver = true;
    this.#answer.answer(page);
  }

  /** Ends the events before they begin: after any other answer an EventSource would not come again. */
  postpone(): void {
    this.begin(FULL_RETRY_MS, "\n: there are too many viewers");
    this.end();
  }

  begin(retryMs = RETRY_MS, comment = ""): void {
    this.#answer.begin([...HEAD, `Date: ${new Date().toUTCString()}`], "close");
    this.#answer.write(Buffer.from(`retry: ${retryMs}${comment}\n\n`));
  }

  /** Sends an event, unless those before still wait. */
  send(event: Uint8Array): void {
    if (this.#isOver || this.#isBehind) return;
    this.#isBehind = !this.#answer.write(event);
  }

  /** Ends the events. */
  end(): void {
    if (this.#isOver) return;
    this.#finish();
    this.#answer.finish();
  }

  received(chunk: Uint8Array): void {
    this.#answer.received(chunk);
  }

  drained(): void {
    this.#answer.drained();
  }

  /** A client that ends its side does not look any more. */
  ended(): void {
    if (this.#isOver) {
      this.#answer.ended();
      return;
    }
    this.#finish();
    this.#answer.cut();
  }

  closed(): void {
    this.#answer.closed();
    this.#finish();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver();
  }
}

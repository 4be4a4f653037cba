/**
 * SpanSender: sends finished spans in batches. Few wait for a collector that is slow or gone; what is lost is counted
 * and logged.
 *
 * @module
 */

import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from "@opentelemetry/sdk-trace";
import type { Logger } from "./logger.ts";
import { spanCounts } from "./span-counts.ts";

/** Most spans that wait, those included that are being sent. */
const MOST_WAITING = 2_048;

const MOST_IN_BATCH = 512;

/** A batch that is not full waits so long. */
const BATCH_MS = 2_000;

/** The spans of one worker on their way. */
export class SpanSender implements SpanProcessor {
  readonly #log: Logger;
  readonly #batches: BatchSpanProcessor;
  #waiting = 0;

  /** `exporter` answers within `timeoutMs`. */
  constructor(exporter: SpanExporter, timeoutMs: number, log: Logger) {
    this.#log = log;
    const counting: SpanExporter = {
      export: (spans, done) =>
        exporter.export(spans, (result) => {
          this.#sent(spans.length, result);
          done(result);
        }),
      shutdown: () => exporter.shutdown(),
    };
    this.#batches = new BatchSpanProcessor({
      exporter: counting,
      maxQueueSize: MOST_WAITING,
      maxExportBatchSize: MOST_IN_BATCH,
      scheduledDelayMillis: BATCH_MS,
      // The exporter is the one that ends a request that takes too long.
      exportTimeoutMillis: 2 * timeoutMs,
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#waiting === MOST_WAITING) {
      this.#lost(1, `${MOST_WAITING} wait already`);
      return;
    }
    this.#waiting += 1;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }

  #sent(spans: number, { code, error }: ExportResult): void {
    this.#waiting -= spans;
    if (code === ExportResultCode.SUCCESS) spanCounts.sent += spans;
    else this.#lost(spans, error?.message ?? "the collector did not take them");
  }

  /** The log takes equal lines together. */
  #lost(spans: number, reason: string): void {
    spanCounts.lost += spans;
    this.#log.warn("spans lost", { reason });
  }
}

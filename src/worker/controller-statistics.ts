/**
 * ControllerStatistics: the figures of the whole node, as this worker gets them from its controller.
 *
 * However many requests there are, one question is on its way at a time, and an answer serves all requests of a second.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import type { MessageToController } from "#node/control-message.ts";
import type { NodeStatistics, StatisticsSource } from "#observe/statistics.ts";

/** Time for the controller to answer. */
const ANSWER_TIMEOUT_MS = 2_000;

/** So long an answer serves further requests. */
const FRESH_MS = 1_000;

/** The worker's end of the controller's figures. */
export class ControllerStatistics implements StatisticsSource {
  readonly #send: (message: MessageToController) => void;
  readonly #watchers = new Set<(statistics: NodeStatistics) => void>();
  #latest: { statistics: NodeStatistics; at: number } | undefined;
  /** Undefined: no question is on its way. */
  #asked: PromiseWithResolvers<NodeStatistics> | undefined;

  constructor(send: (message: MessageToController) => void) {
    this.#send = send;
  }

  read(): Promise<NodeStatistics> {
    const latest = this.#latest;
    if (latest !== undefined && performance.now() - latest.at < FRESH_MS) {
      return Promise.resolve(latest.statistics);
    }
    this.#asked ??= this.#ask();
    return this.#asked.promise;
  }

  watch(onChange: (statistics: NodeStatistics) => void): () => void {
    // A function of its own, so that one that watches twice is called twice.
    const watcher = (statistics: NodeStatistics) => onChange(statistics);
    this.#watchers.add(watcher);
    if (this.#watchers.size === 1) this.#send({ kind: "want_statistics", wanted: "always" });
    return () => {
      if (!this.#watchers.delete(watcher) || this.#watchers.size > 0) return;
      this.#send({ kind: "want_statistics", wanted: "no" });
    };
  }

  /** The controller has sent figures. */
  receive(statistics: NodeStatistics): void {
    this.#latest = { statistics, at: performance.now() };
    this.#asked?.resolve(statistics);
    for (const watcher of [...this.#watchers]) watcher(statistics);
  }

  #ask(): PromiseWithResolvers<NodeStatistics> {
    const asked = Promise.withResolvers<NodeStatistics>();
    const timer = setTimeout(() => {
      const sentence = `Cannot read the figures of the node: its controller did not answer within ${ANSWER_TIMEOUT_MS} ms`;
      asked.reject(new Failure(sentence, { source: "internal" }));
    }, ANSWER_TIMEOUT_MS);
    const over = () => {
      clearTimeout(timer);
      this.#asked = undefined;
    };
    asked.promise.then(over, over);
    this.#send({ kind: "want_statistics", wanted: "once" });
    return asked;
  }
}

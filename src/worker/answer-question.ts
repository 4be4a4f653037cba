/**
 * Answers the questions of the controller.
 *
 * @module
 */

import type { WorkerAnswer, WorkerQuestion } from "#node/answer-message.ts";
import type { RunningWorker } from "./running-worker.ts";
import { readWorkerMetrics } from "./worker-metrics.ts";

/** The answer of a running worker. */
export async function answerQuestion(
  question: WorkerQuestion,
  worker: Pick<RunningWorker, "counts" | "sessions" | "routers">,
): Promise<WorkerAnswer> {
  switch (question.about) {
    case "metrics":
      return { about: "metrics", metrics: readWorkerMetrics(worker) };
    case "sessions":
      return { about: "sessions", page: worker.sessions.page(question.query) };
    case "routes":
      return { about: "routes", routes: (await worker.routers?.reach()) ?? [] };
    case "backends":
      return { about: "backends", backends: worker.routers?.backends() ?? [] };
  }
}

/**
 * WorkerMeter: the figures of this worker, from one interval to the next.
 *
 * They are sent at a fixed interval, not only while there is a viewer: so the first page that is asked for has rates,
 * and shows which worker has not answered for a while, without a question to any of them. A reading costs about as much
 * as a few messages of a client.
 *
 * @module
 */

import { outgoingMemory } from "#base/outgoing-memory.ts";
import { ProcessUsageMeter, rounded } from "#observe/process-usage.ts";
import type { RecentWarnings } from "#observe/recent-warnings.ts";
import { slowClients } from "#observe/slow-clients.ts";
import {
  FIGURES_INTERVAL_MS,
  type OwnFigures,
  type Rate,
  type TrafficFigures,
  type WorkerFigures,
} from "#observe/statistics.ts";
import { type TrafficCount, traffic } from "#observe/traffic.ts";
import { sendToController } from "./controller-channel.ts";
import type { RunningWorker } from "./running-worker.ts";

/**
 * Sends the figures of this worker now, and then at each interval, until the process ends. None are sent while those
 * before wait for a controller that does not read.
 */
export function reportFigures(
  worker: Pick<RunningWorker, "figures">,
  warnings: RecentWarnings,
  send: typeof sendToController = sendToController,
): void {
  const meter = new WorkerMeter();
  let isTaken = true;
  const report = () => {
    if (!isTaken) return;
    isTaken = false;
    const recent = warnings.take();
    const figures = meter.read(worker.figures());
    const { count: warningCount } = recent;
    send({ kind: "figures", figures, warnings: recent.warnings, warningCount }, () => {
      isTaken = true;
    });
  };
  report();
  setInterval(report, FIGURES_INTERVAL_MS);
}

/** Measures from one reading to the next. */
export class WorkerMeter {
  readonly #usage = new ProcessUsageMeter();
  readonly #fromClients = new TrafficMeter(traffic.fromClients);
  readonly #toClients = new TrafficMeter(traffic.toClients);
  #lastAt = performance.now();

  /** The figures since the last call, or since the meter was made. */
  read(own: OwnFigures): WorkerFigures {
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.#lastAt) / 1000);
    this.#lastAt = now;
    return {
      ...this.#usage.read(),
      fromClients: this.#fromClients.read(seconds),
      toClients: this.#toClients.read(seconds),
      waitingOctets: outgoingMemory.octets,
      slowClients: slowClients.cutOff,
      ...own,
    };
  }
}

type Totals = Readonly<Pick<TrafficCount, "messages" | "octets">>;

/** Makes rates of a count. */
class TrafficMeter {
  readonly #count: Totals;
  #last: Totals;

  constructor(count: Totals) {
    this.#count = count;
    this.#last = totalsOf(count);
  }

  read(seconds: number): TrafficFigures {
    const rate = (name: keyof Totals): Rate => {
      const total = this.#count[name];
      return { total, perSecond: rounded((total - this.#last[name]) / seconds, 1) };
    };
    const figures = { messages: rate("messages"), octets: rate("octets") };
    this.#last = totalsOf(this.#count);
    return figures;
  }
}

function totalsOf({ messages, octets }: Totals): Totals {
  return { messages, octets };
}

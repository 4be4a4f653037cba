/**
 * WorkerMeter: the figures of this worker, from one interval to the next.
 *
 * They are sent at a fixed interval, not only while there is a viewer: so the first page that is asked for has rates,
 * and shows which worker has not answered for a while, without a question to any of them. A reading costs about as much
 * as a few messages of a client. A worker without anything new sends a sign of life instead, which costs the controller
 * a tenth: an idle node has to be asleep.
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
  type ProcessUsage,
  type Rate,
  type TrafficFigures,
  type WorkerFigures,
} from "#observe/statistics.ts";
import { type TrafficCount, traffic } from "#observe/traffic.ts";
import { sendToController } from "./controller-channel.ts";
import type { RunningWorker } from "./running-worker.ts";

/** Figures that differ from those before in processor time and memory alone are sent so often. */
const UNCHANGED_INTERVAL_MS = 10_000;

/**
 * Sends the figures of this worker now, and then at each interval, until the process ends; while nothing happens most of
 * them are signs of life alone. None are sent while those before wait for a controller that does not read.
 */
export function reportFigures(
  worker: Pick<RunningWorker, "figures">,
  warnings: RecentWarnings,
  send: typeof sendToController = sendToController,
): void {
  const meter = new WorkerMeter();
  let isTaken = true;
  let sent = { events: "", at: 0 };
  const report = () => {
    if (!isTaken) return;
    isTaken = false;
    const onTaken = () => {
      isTaken = true;
    };
    const read = meter.readEvents(worker.figures());
    const events = JSON.stringify(read);
    const now = performance.now();
    if (events === sent.events && warnings.isEmpty && now - sent.at < UNCHANGED_INTERVAL_MS) {
      send({ kind: "alive" }, onTaken);
      return;
    }
    sent = { events, at: now };
    const figures = { ...meter.readUsage(), ...read };
    const { warnings: recent, count: warningCount } = warnings.take();
    send({ kind: "figures", figures, warnings: recent, warningCount }, onTaken);
  };
  report();
  setInterval(report, FIGURES_INTERVAL_MS);
}

/** The figures without processor time and memory, whose reading costs far more. */
type EventFigures = Omit<WorkerFigures, keyof ProcessUsage>;

/** Measures from one reading to the next. */
export class WorkerMeter {
  readonly #usage = new ProcessUsageMeter();
  readonly #fromClients = new TrafficMeter(traffic.fromClients);
  readonly #toClients = new TrafficMeter(traffic.toClients);
  #lastAt = performance.now();

  /** What the process took since the last call, or since the meter was made. */
  readUsage(): ProcessUsage {
    return this.#usage.read();
  }

  /** What has happened since the last call, or since the meter was made. */
  readEvents(own: OwnFigures): EventFigures {
    const now = performance.now();
    const seconds = Math.max(0.001, (now - this.#lastAt) / 1000);
    this.#lastAt = now;
    return {
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

/**
 * Predecessor: the node that started this process, so that it serves in its place (`crossproxy upgrade`).
 *
 *     predecessor                            this node
 *        │  spawned (sockets, down marks)       │
 *        ├─────────────────────────────────────►│
 *        │     ready (release)                  │   its workers listen; or: failed (sentence), and it ends
 *        │◄─────────────────────────────────────┤
 *        │  take_over (down marks)              │   the folder, the admin endpoint and the guests are free
 *        ├─────────────────────────────────────►│
 *        │     taken                            │
 *        │◄─────────────────────────────────────┤
 *        │  (ends when its sessions have)       │
 *
 * The two may be of different releases: messages and the variable are only ever added to.
 *
 * @module
 */

import { Failure } from "#base/failure.ts";
import { isRecord } from "#base/record.ts";
import { withinTime } from "#base/within-time.ts";
import type { BackendName } from "#observe/backend-facts.ts";
import type { InheritedDescriptor } from "./inherited-sockets.ts";

/** What a node hands over when it spawns the one that follows it. */
export interface HandedOver {
  /** Of the node that hands over. */
  pid: number;
  /** For the sockets between workers: requests for long-poll transports find their way to the workers before. */
  runFolder: string;
  sockets: InheritedDescriptor[];
  /** The backends that are marked down; absent: the release of the node has no marks. */
  downMarks?: readonly BackendName[];
}

/** The message to the node that follows. */
export interface TakeOver {
  kind: "take_over";
  /** Those of this moment, as in `HandedOver`. */
  downMarks?: readonly BackendName[];
}

/** A message to the predecessor. */
export type MessageToPredecessor =
  | { kind: "ready"; release: string }
  | { kind: "failed"; sentence: string }
  | { kind: "taken" };

const SEND_DEADLINE_MS = 1_000;

/** The variable that has it, as JSON. */
export const HANDED_OVER = "CROSSPROXY_HANDED_OVER";

/** The node that goes. */
export class Predecessor {
  readonly handedOver: HandedOver;
  readonly #mayTakeOver = Promise.withResolvers<void>();
  #downMarks: readonly BackendName[];
  #isRunning = true;

  private constructor(handedOver: HandedOver) {
    this.handedOver = handedOver;
    this.#downMarks = handedOver.downMarks ?? [];
    this.#mayTakeOver.promise.catch(() => {});
    process.on("message", (message) => {
      if (!isTakeOver(message)) return;
      this.#downMarks = message.downMarks ?? this.#downMarks;
      this.#mayTakeOver.resolve();
    });
    process.on("disconnect", () => {
      this.#isRunning = false;
      this.#mayTakeOver.reject(
        new Failure("Cannot take over the node: the process before has ended", {
          source: "internal",
        }),
      );
    });
  }

  /**
   * The one that started this process, whose variable is removed from `environment`; null: this node follows none.
   *
   * @throws Failure when it has ended already: a node that starts all the same would be one that nobody asked for.
   */
  static of(environment: Record<string, string | undefined>): Predecessor | null {
    const text = environment[HANDED_OVER];
    delete environment[HANDED_OVER];
    if (text === undefined) return null;
    const handedOver = JSON.parse(text) as HandedOver;
    if (handedOver.pid === process.ppid) return new Predecessor(handedOver);
    const state = "it has ended, or did not start this one";
    throw new Failure(`Cannot serve in the place of process ${handedOver.pid}: ${state}`, {
      source: "internal",
    });
  }

  /** The backends that are marked down there, so far as it has said. */
  get downMarks(): readonly BackendName[] {
    return this.#downMarks;
  }

  /** Whether its sessions have not ended yet. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /**
   * Says that the workers of this node listen; resolves when the other one has made room, or after `giveUp`.
   *
   * @throws Failure when it has ended before.
   */
  ready(release: string): Promise<void> {
    send({ kind: "ready", release });
    return this.#mayTakeOver.promise;
  }

  /** This node is asked to end. */
  giveUp(): void {
    this.#mayTakeOver.resolve();
  }

  /** This node cannot serve, and ends; resolves when the other one can read that. */
  async failed(sentence: string): Promise<void> {
    const sent = Promise.withResolvers<void>();
    send({ kind: "failed", sentence }, sent.resolve);
    await withinTime(sent.promise, SEND_DEADLINE_MS);
  }

  /** This node is the one of the folder. */
  taken(): void {
    send({ kind: "taken" });
  }
}

function isTakeOver(message: unknown): message is TakeOver {
  return isRecord(message) && message["kind"] === "take_over";
}

/** `onTaken`: the system has taken the message. */
function send(message: MessageToPredecessor, onTaken?: () => void): void {
  try {
    process.send?.(message, undefined, undefined, onTaken);
  } catch {
    // It has ended, which `disconnect` reports.
    onTaken?.();
  }
}

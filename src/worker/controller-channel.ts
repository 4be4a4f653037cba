/**
 * The worker's end of the channel to its controller.
 *
 * @module
 */

import {
  type MessageToController,
  type MessageToWorker,
  parseMessageToWorker,
} from "#node/control-message.ts";
import type { BackendName } from "#observe/backend-facts.ts";
import type { LogLevel } from "#observe/log-format.ts";
import type { NodeStatistics } from "#observe/statistics.ts";
import type { ReconfigurationMessage } from "./reconfiguration.ts";

/** What the worker does at each message of its controller. */
export interface ControlHandler {
  start(message: Extract<MessageToWorker, { kind: "start" }>): void;
  renewCertificates(): void;
  reopenLog(): void;
  reconfigure(message: ReconfigurationMessage): void;
  /** A node that follows this one is to have the listening sockets. */
  shareSockets(message: Extract<MessageToWorker, { kind: "share_sockets" }>): void;
  leaveSockets(): void;
  /** The node before has left the sockets that this worker has inherited. */
  takeSocketFiles(): void;
  statistics(statistics: NodeStatistics): void;
  question(message: Extract<MessageToWorker, { kind: "question" }>): void;
  setLogLevel(level: LogLevel): void;
  markDown(marks: readonly BackendName[]): void;
  /** `drainMs`: the sessions end one after the other, within so many milliseconds. */
  shutdown(drainMs: number): void;
  /** The controller is gone, so that no other process ends this one. */
  lost(): void;
}

/** Whether a controller started this process. */
export function hasController(): boolean {
  return process.send !== undefined;
}

/** Calls the handler for every message of the controller, until the channel closes. */
export function listenToController(handler: ControlHandler): void {
  process.on("message", (value) => {
    const message = parseMessageToWorker(value);
    if (message?.kind === "start") handler.start(message);
    else if (message?.kind === "renew_certificates") handler.renewCertificates();
    else if (message?.kind === "reopen_log") handler.reopenLog();
    else if (message !== undefined && isReconfiguration(message)) handler.reconfigure(message);
    else if (message?.kind === "statistics") handler.statistics(message.statistics);
    else if (message?.kind === "question") handler.question(message);
    else if (message?.kind === "log_level") handler.setLogLevel(message.level);
    else if (message?.kind === "share_sockets") handler.shareSockets(message);
    else if (message?.kind === "leave_sockets") handler.leaveSockets();
    else if (message?.kind === "take_socket_files") handler.takeSocketFiles();
    else if (message?.kind === "down_marks") handler.markDown(message.marks);
    else if (message?.kind === "shutdown") handler.shutdown(message.drainMs);
    // Without messages that can be read, the controller is as good as gone.
    else handler.lost();
  });
  process.on("disconnect", () => handler.lost());
}

function isReconfiguration(message: MessageToWorker): message is ReconfigurationMessage {
  return message.kind === "prepare" || message.kind === "apply" || message.kind === "abandon";
}

/**
 * Sends a message to the controller; when it is gone, nothing is sent, and `lost` is called. `onTaken`: the system has
 * taken the message, so that it does not wait in this process.
 */
export function sendToController(message: MessageToController, onTaken?: () => void): void {
  try {
    process.send?.(message, undefined, undefined, onTaken);
  } catch {
    // The channel is closed, and the disconnect event reports it.
  }
}

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

/** What the worker does at each message of its controller. */
export interface ControlHandler {
  start(message: Extract<MessageToWorker, { kind: "start" }>): void;
  renewCertificates(): void;
  shutdown(): void;
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
    else if (message?.kind === "shutdown") handler.shutdown();
    // Without messages that can be read, the controller is as good as gone.
    else handler.lost();
  });
  process.on("disconnect", () => handler.lost());
}

/** Sends a message to the controller; when it is gone, nothing is sent, and `lost` is called. */
export function sendToController(message: MessageToController): void {
  try {
    process.send?.(message);
  } catch {
    // The channel is closed, and the disconnect event reports it.
  }
}

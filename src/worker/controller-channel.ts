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

/** What the worker does when it hears from its controller. */
export interface ControlHandler {
  start(message: Extract<MessageToWorker, { kind: "start" }>): void;
  renewCertificates(): void;
  shutdown(): void;
  /** The controller is gone, and with it whoever could end this process. */
  lost(): void;
}

/** Says whether a controller started this process. */
export function hasController(): boolean {
  return process.send !== undefined;
}

/** Hands on what the controller says, until the channel closes. */
export function listenToController(handler: ControlHandler): void {
  process.on("message", (value) => {
    const message = parseMessageToWorker(value);
    if (message?.kind === "start") handler.start(message);
    else if (message?.kind === "renew_certificates") handler.renewCertificates();
    else if (message?.kind === "shutdown") handler.shutdown();
    // A controller that cannot be understood is as good as none.
    else handler.lost();
  });
  process.on("disconnect", () => handler.lost());
}

/** Tells the controller; a controller that is gone is told nothing, `lost` comes for that. */
export function sendToController(message: MessageToController): void {
  try {
    process.send?.(message);
  } catch {
    // The channel is closed, which is what the disconnect event is for.
  }
}

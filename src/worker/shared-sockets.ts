/**
 * The listening sockets of a worker on their way to and from the controller: a process gets some at its start, and sends
 * its own for the node that is to follow.
 *
 * @module
 */

import { sendDescriptors } from "#base/descriptor-passing.ts";
import type { MessageToWorker } from "#node/control-message.ts";
import type { InheritedListener } from "#transport/endpoint/listen.ts";
import { sendToController } from "./controller-channel.ts";
import type { RunningWorker } from "./running-worker.ts";

type ShareSockets = Extract<MessageToWorker, { kind: "share_sockets" }>;
type Inherited = NonNullable<Extract<MessageToWorker, { kind: "start" }>["sockets"]>;

/** The sockets that this process has inherited, by the ids of the transports that use them. */
export function inheritedListeners(sockets: Inherited): Map<string, InheritedListener> {
  return new Map(sockets.map(({ transport, ...socket }) => [transport, socket]));
}

/** Sends the listening sockets of a worker, with the ids of their transports, and then tells the controller. */
export async function shareSockets(
  { transports }: Pick<RunningWorker, "transports">,
  { to, worker }: ShareSockets,
): Promise<void> {
  const sockets = await transports.shareSockets();
  const descriptors = sockets.map(({ descriptor }) => descriptor);
  const text = JSON.stringify({ worker, transports: sockets.map(({ transport }) => transport) });
  const isSent = sockets.length === 0 || sendDescriptors(to, { descriptors, text });
  const fault = isSent ? null : "its listening sockets cannot be sent";
  sendToController({ kind: "sockets_shared", fault });
}

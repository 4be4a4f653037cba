/**
 * handedSockets: the listening sockets of all workers of a node, for the node that is to follow it.
 *
 * @module
 */

import { closeSync } from "node:fs";
import { join, relative } from "node:path";
import { DescriptorReceiver } from "#base/descriptor-passing.ts";
import { Failure } from "#base/failure.ts";
import { isRecord } from "#base/record.ts";
import type { InheritedDescriptor, InheritedSockets } from "./inherited-sockets.ts";
import type { NodeController } from "./node-controller.ts";

/** The socket file, in the folder of the node; workers run in that folder. */
const FILE = ".handover.sock";

/**
 * Collects those of a service manager, and from the workers those that they have opened. The caller closes the latter.
 *
 * @throws Failure when a worker cannot send its own.
 */
export async function handedSockets(
  controller: Pick<NodeController, "shareSockets">,
  inherited: Pick<InheritedSockets, "activated" | "isActivated">,
  folder: string,
): Promise<InheritedDescriptor[]> {
  const path = join(folder, FILE);
  const shorter = relative(process.cwd(), path);
  const receiver = DescriptorReceiver.open(shorter.length < path.length ? shorter : path);
  if (receiver === null) {
    throw new Failure("this system does not let descriptors be passed", { source: "internal" });
  }
  const received: InheritedDescriptor[] = [];
  try {
    await controller.shareSockets(FILE, () => {
      received.push(...receivedFrom(receiver, inherited));
    });
    return [...inherited.activated, ...received];
  } catch (thrown) {
    for (const { descriptor } of received) closeSync(descriptor);
    throw thrown;
  } finally {
    receiver.close();
  }
}

function receivedFrom(
  receiver: DescriptorReceiver,
  inherited: Pick<InheritedSockets, "isActivated">,
): InheritedDescriptor[] {
  const sockets: InheritedDescriptor[] = [];
  for (let passed = receiver.receive(); passed !== null; passed = receiver.receive()) {
    const { worker, transports } = readPlaces(passed.text);
    for (const [index, descriptor] of passed.descriptors.entries()) {
      const origin = { worker, transport: transports[index] ?? "" };
      if (inherited.isActivated(origin)) closeSync(descriptor);
      else sockets.push({ descriptor, origin, name: `${worker} ${origin.transport}` });
    }
  }
  return sockets;
}

function readPlaces(text: string): { worker: string; transports: string[] } {
  const value: unknown = JSON.parse(text);
  if (!isRecord(value) || !Array.isArray(value["transports"]))
    return { worker: "", transports: [] };
  return { worker: String(value["worker"]), transports: value["transports"].map(String) };
}

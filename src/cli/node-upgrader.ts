/**
 * NodeUpgrader: has another process serve in place of a running node, by a program that is named.
 *
 *     this node                                        the new process
 *     sends its sockets and marks along                loads the configuration, starts its workers, which accept
 *     accepts no more, leaves the folder               takes the folder, starts guests and containers
 *     ends its sessions one after the other            serves
 *
 * Until the workers of the new process listen, nothing of this node changes.
 *
 * @module
 */

import { closeSync } from "node:fs";
import { Failure, sentenceOf } from "#base/failure.ts";
import type { ServiceManager } from "#base/service-manager.ts";
import type { UpgradeCommand } from "#node/command-message.ts";
import type { CommandAnswer } from "#node/command-socket.ts";
import { handedSockets } from "#node/handed-sockets.ts";
import type { InheritedSockets } from "#node/inherited-sockets.ts";
import type { NodeController } from "#node/node-controller.ts";
import type { Predecessor } from "#node/predecessor.ts";
import { SuccessorProcess } from "#node/successor-process.ts";
import type { Logger } from "#observe/logger.ts";
import type { HeldResources } from "./held-resources.ts";
import { RELEASE } from "./release.ts";

/** A running node. */
export interface UpgradableNode {
  folder: string;
  runFolder: string;
  controller: Pick<
    NodeController,
    "routers" | "isStopping" | "downMarks" | "shareSockets" | "leave"
  >;
  sockets: InheritedSockets;
  /** The node before, which may still have sessions; null: this one was started by itself. */
  predecessor: Predecessor | null;
  manager: ServiceManager | null;
  held: HeldResources;
  log: Logger;
}

/** Replaces the program of one node. */
export class NodeUpgrader {
  readonly #node: UpgradableNode;
  #successor: SuccessorProcess | null = null;
  readonly #followed = Promise.withResolvers<"served" | "unserved">();
  #isFollowed = false;

  constructor(node: UpgradableNode) {
    this.#node = node;
  }

  /** Resolves when another process serves, or ended as it took over; the caller has to stop the controller. */
  get followed(): Promise<"served" | "unserved"> {
    return this.#followed.promise;
  }

  get isFollowed(): boolean {
    return this.#isFollowed;
  }

  /** Replaces the program. What keeps it from that is logged, and is the answer. */
  async upgrade(command: UpgradeCommand): Promise<CommandAnswer> {
    const { folder, log } = this.#node;
    log.info("upgrade requested", { program: command.program.join(" ") });
    let isServed = false;
    try {
      this.#refuse(command);
      const text = await this.#follow(command.program);
      isServed = true;
      return { isDone: true, text };
    } catch (thrown) {
      const isFault = !(thrown instanceof Failure) && thrown instanceof Error;
      if (isFault) log.error("fault of the program", { stack: thrown.stack });
      const reason = sentenceOf(thrown);
      log.error("node not upgraded", { reason });
      const state = this.#isFollowed ? "nothing serves any more" : "it goes on as it is";
      const text = `Cannot upgrade the node in "${folder}": ${reason}; ${state}`;
      return { isDone: false, text };
    } finally {
      // The sockets cannot be taken back.
      if (this.#isFollowed) this.#followed.resolve(isServed ? "served" : "unserved");
    }
  }

  /** The node ends by itself: a process that is about to follow ends too. */
  abandon(): void {
    if (!this.#isFollowed) void this.#successor?.end();
  }

  /** @throws Failure */
  #refuse({ isForced }: UpgradeCommand): void {
    const { controller, predecessor } = this.#node;
    const [router] = controller.routers;
    let state: string | undefined;
    if (controller.isStopping) state = "it ends";
    else if (predecessor?.isRunning) {
      const { pid } = predecessor.handedOver;
      state = `the sessions of process ${pid}, which served before, have not ended yet`;
    } else if (process.pid === 1) {
      state = "it is the first process of a container, with which the container ends";
    } else if (router !== undefined && !isForced) {
      state = `worker "${router}" is a router, whose sessions, registrations and subscriptions would be lost: run routers in a node of their own, or use --force`;
    }
    if (state !== undefined) throw new Failure(state, { source: "internal" });
  }

  /** @throws Failure when the new process does not serve; then it has ended. */
  async #follow(program: readonly string[]): Promise<string> {
    const { folder, controller, manager, log } = this.#node;
    const successor = await this.#spawn(program);
    this.#successor = successor;
    const release = await successor.untilReady();
    if (controller.isStopping) {
      await successor.end();
      throw new Failure("it ends", { source: "internal" });
    }
    this.#isFollowed = true;
    await controller.leave();
    this.#node.held.giveUp();
    manager?.followedBy(successor.pid);
    if (!(await successor.takeOver(controller.downMarks))) {
      throw new Failure("the new process ended as it took over", { source: "internal" });
    }
    log.info("node is followed by another process", { node_pid: successor.pid, release });
    return `Upgraded the node in "${folder}" from ${RELEASE} to ${release}: process ${successor.pid} serves; process ${process.pid} ends when its sessions have ended`;
  }

  async #spawn(program: readonly string[]): Promise<SuccessorProcess> {
    const { folder, runFolder, controller, sockets, manager } = this.#node;
    const handed = await handedSockets(controller, sockets, folder);
    try {
      // One that is spawned now would not be ended with this node, and would take itself for a node of its own.
      if (controller.isStopping) throw new Failure("it ends", { source: "internal" });
      const command = [...program, ...process.argv.slice(2)];
      const { downMarks } = controller;
      const handedOver = { pid: process.pid, runFolder, sockets: handed, downMarks };
      return new SuccessorProcess(command, handedOver, manager?.environment ?? {});
    } finally {
      // The new process has its own.
      for (const { descriptor, origin } of handed) if (origin !== null) closeSync(descriptor);
    }
  }
}

/**
 * endedOnRequest: handles the signals of a node, and the time of `--shutdownafter`.
 *
 * @module
 */

import type { ServiceManager } from "#base/service-manager.ts";
import { onUnusedSignal } from "#base/unused-signals.ts";
import type { NodeController } from "#node/node-controller.ts";
import type { Predecessor } from "#node/predecessor.ts";
import { onReloadSignal, onShutdownSignal } from "#node/signals.ts";
import type { Logger } from "#observe/logger.ts";
import type { NodeUpgrader } from "./node-upgrader.ts";

/** The parts of a node that a request to end, or a signal, is for. */
export interface RequestedNode {
  controller: NodeController;
  reload: (isForced: boolean) => void;
  manager: ServiceManager | null;
  upgrader: NodeUpgrader;
  predecessor: Predecessor | null;
  /** Seconds; undefined: the node ends when it is told to. */
  shutdownAfter: number | undefined;
  log: Logger;
}

/** Resolves once a signal, or the time, has stopped the node. */
export function endedOnRequest(node: RequestedNode): Promise<void> {
  const { controller, reload, shutdownAfter, log } = node;
  const ended = Promise.withResolvers<void>();
  const end = () => void stop(node).then(ended.resolve, ended.reject);
  onReloadSignal(() => {
    log.info("reload requested", { signal: "SIGHUP" });
    reload(false);
  });
  onUnusedSignal((signal) => log.info("signal has no effect", { signal }));
  onShutdownSignal({
    first(signal) {
      log.info("shutdown requested", { signal });
      end();
    },
    again(exitCode) {
      controller.kill();
      process.exit(exitCode);
    },
  });
  if (shutdownAfter !== undefined) {
    setTimeout(() => {
      log.info("shutdown requested", { after_s: shutdownAfter });
      end();
    }, shutdownAfter * 1000);
  }
  return ended.promise;
}

function stop({ controller, manager, upgrader, predecessor }: RequestedNode): Promise<void> {
  if (!upgrader.isFollowed) manager?.stopping();
  upgrader.abandon();
  const stopped = controller.stop();
  predecessor?.giveUp();
  return stopped;
}

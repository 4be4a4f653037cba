/**
 * NodeReloader: has a running node take its configuration file again, checked as by `check` and refused whole where it
 * has a fault.
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import type { NodeConfig } from "#config/node/node-config.ts";
import { type ConfigIssue, printIssue } from "#config/text/config-issue.ts";
import { warningLines } from "#config/text/warning-lines.ts";
import type { CommandAnswer } from "#node/command-socket.ts";
import { type NodeController, needsNodeKey } from "#node/node-controller.ts";
import type { ReloadPlan } from "#node/reload-plan.ts";
import type { Logger } from "#observe/logger.ts";
import type { ConfigFile } from "./config-file.ts";

/** What a node was started with. */
export interface StartedNode {
  file: ConfigFile;
  config: NodeConfig;
  controller: Pick<NodeController, "reload" | "noteReload">;
  /** Has all of its processes read their certificates again. */
  renewCertificates: () => void;
  /** Loads the private key of the node, and makes it if need be. */
  nodeKey: (config: NodeConfig) => string;
  log: Logger;
}

/** Reloads one node, one reload after the other. */
export class NodeReloader {
  readonly #node: StartedNode;
  #present: NodeConfig;
  #nodeKey: string | null;
  /** The reload before, or the start of the node. */
  #last: Promise<unknown>;
  /** Those that have not begun, by whether they are forced: they are for all that ask meanwhile. */
  readonly #waiting = new Map<boolean, Promise<CommandAnswer>>();

  /** The first reload waits until the node is `started`; `nodeKey`: the key if it is loaded already. */
  constructor(node: StartedNode, nodeKey: string | null, started: Promise<unknown>) {
    this.#node = node;
    this.#present = node.config;
    this.#nodeKey = nodeKey;
    this.#last = started;
  }

  /** Reloads; `isForced`: also without a change. A fault is logged, and is part of the answer. */
  reload(isForced: boolean): Promise<CommandAnswer> {
    const waiting = this.#waiting.get(isForced);
    if (waiting !== undefined) return waiting;
    const reloaded = this.#last.then(() => {
      this.#waiting.delete(isForced);
      return this.#reload(isForced);
    });
    this.#waiting.set(isForced, reloaded);
    this.#last = reloaded;
    return reloaded;
  }

  /** Does something while no reload is under way; later reloads wait for it. */
  betweenReloads<Result>(perform: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(perform);
    this.#last = done.catch(() => {});
    return done;
  }

  async #reload(isForced: boolean): Promise<CommandAnswer> {
    const { file, controller, renewCertificates, log } = this.#node;
    try {
      // A node that is never reloaded does without the code for checks.
      const { checkConfigFile } = await import("./check-config-file.ts");
      const { config, faults, warnings } = await checkConfigFile(file);
      if (config === null) return this.#refused(faults.map(printIssue), problems(faults));
      const isSame = !isForced && Bun.deepEquals(config, this.#present);
      const plan = isSame ? null : await this.#take(config, warnings, isForced);
      renewCertificates();
      controller.noteReload(true);
      const text = plan === null ? unchanged(file.file) : changes(file.file, plan);
      log.info(plan === null ? "configuration has not changed" : "configuration reloaded", {
        file: file.file,
        ...(plan && idsOf(plan)),
      });
      return { isDone: true, text };
    } catch (thrown) {
      const isFault = !(thrown instanceof Failure) && thrown instanceof Error;
      if (isFault) log.error("fault of the program", { stack: thrown.stack });
      return this.#refused([], sentenceOf(thrown).replace(/^Cannot /, "cannot "));
    }
  }

  async #take(
    config: NodeConfig,
    warnings: readonly ConfigIssue[],
    isForced: boolean,
  ): Promise<ReloadPlan> {
    for (const line of warningLines(warnings)) this.#node.log.warn(line);
    if (config.workers.some(needsNodeKey)) this.#nodeKey ??= this.#node.nodeKey(config);
    const plan = await this.#node.controller.reload({ config, isForced }, this.#nodeKey);
    this.#present = config;
    return plan;
  }

  #refused(lines: readonly string[], reason: string): CommandAnswer {
    const { file, log, controller } = this.#node;
    controller.noteReload(false);
    for (const line of lines) log.error(line);
    log.error("configuration not reloaded", { file: file.file, reason });
    const sentence = `Cannot reload "${file.file}": ${reason}; the node goes on as it is`;
    return { isDone: false, text: [...lines, sentence].join("\n") };
  }
}

function problems({ length }: readonly ConfigIssue[]): string {
  return length === 1 ? "it has a problem" : `it has ${length} problems`;
}

function unchanged(file: string): string {
  return `Nothing to reload: "${file}" has not changed; certificates are read again`;
}

function changes(file: string, plan: ReloadPlan): string {
  const parts = Object.entries(idsOf(plan)).map(([what, ids]) => `${what} ${ids}`);
  return `Reloaded "${file}": ${parts.join("; ") || "no worker has changed"}`;
}

/** The workers of each kind of change, where there are any. */
function idsOf({ changed, replaced, added, removed }: ReloadPlan): Record<string, string> {
  const ids = {
    changed: changed.map(({ id }) => id),
    restarted: replaced.map(({ id }) => id),
    added: added.map(({ id }) => id),
    removed: removed.map(({ id }) => id),
  };
  const some = Object.entries(ids).filter(([, list]) => list.length > 0);
  return Object.fromEntries(some.map(([what, list]) => [what, list.join(", ")]));
}

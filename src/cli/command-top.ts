/**
 * `crossproxy top`: the figures of a node in a terminal, every two seconds; once where the output is no terminal.
 *
 * They are those of the node's admin endpoint, or of its page (docs/node-page.md).
 *
 * @module
 */

import { Failure, sentenceOf } from "#base/failure.ts";
import { loadNodeConfig } from "#config/load.ts";
import { FIGURES_INTERVAL_MS, type NodeStatistics } from "#observe/statistics.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { type ConfigFileChoice, requireConfigFile } from "./config-file.ts";
import { ExitCode } from "./exit-code.ts";
import { type FiguresAddress, figuresAddress } from "./figures-address.ts";
import { printFigures } from "./figures-table.ts";
import { reportFaults } from "./report-issues.ts";

/** Which node is watched. */
export interface TopChoice extends ConfigFileChoice {
  /** The page of a node elsewhere, which asks for no token. */
  url?: string | undefined;
}

/** Time for an answer. */
const ANSWER_MS = 5_000;

/** To another screen without a cursor, and back (xterm, DECTCEM). */
const BEGIN_SCREEN = "\u001b[?1049h\u001b[?25l";
const END_SCREEN = "\u001b[?25h\u001b[?1049l";
const CLEAR_SCREEN = "\u001b[H\u001b[2J";

/**
 * Shows the figures until a signal comes; returns the exit code.
 *
 * @throws Failure when the configuration has neither an admin endpoint nor a page of the node, or the node does not
 * answer at first.
 */
export async function topCommand(choice: TopChoice): Promise<number> {
  const address = await addressOf(choice);
  if (address === null) return ExitCode.config;
  const first = printFigures(await ask(address));
  if (!process.stdout.isTTY) {
    writeCompletely("stdout", first);
    return ExitCode.clean;
  }
  const ended = Promise.withResolvers<void>();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => ended.resolve());
  writeCompletely("stdout", BEGIN_SCREEN);
  show(first);
  const refresh = async () => {
    show(await ask(address).then(printFigures, (thrown) => `${sentenceOf(thrown)}\n`));
    setTimeout(refresh, FIGURES_INTERVAL_MS);
  };
  setTimeout(refresh, FIGURES_INTERVAL_MS);
  await ended.promise;
  writeCompletely("stdout", END_SCREEN);
  return ExitCode.clean;
}

/** Null: the configuration has faults, which are reported. */
async function addressOf(choice: TopChoice): Promise<FiguresAddress | null> {
  if (choice.url !== undefined) return { url: choice.url, unix: null, token: null };
  const { file, folder } = requireConfigFile(choice);
  const { config, faults } = await loadNodeConfig(file, process.env, folder);
  if (config === null) {
    reportFaults(faults, file);
    return null;
  }
  const address = figuresAddress(config);
  if (address !== null) return address;
  const state =
    "it has no controller.admin, and no path of type nodeinfo without TLS; --url names one elsewhere";
  throw new Failure(`Cannot show the figures of "${file}": ${state}`, { source: "internal" });
}

async function ask({ url, unix, token }: FiguresAddress): Promise<NodeStatistics> {
  const failure = (state: string) =>
    new Failure(`Cannot get figures from "${unix ?? url}": ${state}`, { source: "internal" });
  try {
    const response = await fetch(url, {
      headers: {
        Accept: "application/json",
        ...(token !== null && { Authorization: `Bearer ${token}` }),
      },
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_MS),
      ...(unix !== null && { unix }),
    });
    if (!response.ok) throw failure(`it answers with ${response.status}`);
    const statistics = (await response.json().catch(() => null)) as NodeStatistics | null;
    if (statistics?.format !== 1) throw failure("it is no page of a node of this release");
    return statistics;
  } catch (thrown) {
    throw thrown instanceof Failure ? thrown : failure(sentenceOf(thrown));
  }
}

/** Shows as many lines as there is room for, each as far as there is. */
function show(text: string): void {
  const { rows = 24, columns = 80 } = process.stdout;
  const lines = text.split("\n").slice(0, rows - 1);
  const fitting = lines.map((line) => line.slice(0, columns)).join("\n");
  writeCompletely("stdout", `${CLEAR_SCREEN}${fitting}`);
}

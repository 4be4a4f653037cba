/**
 * `crossproxy top`: the figures of a node in a terminal, every two seconds; once where the output is no terminal.
 *
 * The node of the folder is asked over its socket for commands; one that takes none, at its admin endpoint or its page.
 *
 * @module
 */

import { errorCodeOf, Failure, sentenceOf } from "#base/failure.ts";
import { loadNodeConfig } from "#config/load.ts";
import { askNode, takesCommands } from "#node/command-socket.ts";
import { FIGURES_INTERVAL_MS, type NodeStatistics } from "#observe/statistics.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { type ConfigFileChoice, chooseNodeFolder, requireConfigFile } from "./config-file.ts";
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
 * @throws Failure when there is no node to ask, or it does not answer at first.
 */
export async function topCommand(choice: TopChoice): Promise<number> {
  const source = await sourceOf(choice);
  if (source === null) return ExitCode.config;
  const first = printFigures(await source());
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
    show(await source().then(printFigures, (thrown) => `${sentenceOf(thrown)}\n`));
    setTimeout(refresh, FIGURES_INTERVAL_MS);
  };
  setTimeout(refresh, FIGURES_INTERVAL_MS);
  await ended.promise;
  writeCompletely("stdout", END_SCREEN);
  return ExitCode.clean;
}

/** Gets the present figures. */
type Source = () => Promise<NodeStatistics>;

/** The node of the folder, or its address where it takes no commands; null: faults of the configuration are reported. */
async function sourceOf(choice: TopChoice): Promise<Source | null> {
  const { url } = choice;
  if (url !== undefined) return () => askAddress({ url, unix: null, token: null }, true);
  const asked = chooseNodeFolder(choice);
  if (await takesCommands(asked)) return () => askFolder(asked);
  const { file, folder } = requireConfigFile(choice);
  const { config, faults } = await loadNodeConfig(file, process.env, folder);
  if (config === null) {
    reportFaults(faults, file);
    return null;
  }
  const address = figuresAddress(config);
  if (address !== null) return () => askAddress(address, false);
  const state =
    "no node that takes commands runs there, and it has neither controller.admin without ca_certificates nor a path of type nodeinfo without TLS; --url names one elsewhere";
  throw new Failure(`Cannot show the figures of "${file}": ${state}`, { source: "internal" });
}

async function askFolder(folder: string): Promise<NodeStatistics> {
  const { text } = await askNode(folder, { command: "figures" });
  return checked(JSON.parse(text), folder);
}

/** `isElsewhere`: its certificate has to prove which machine it is. */
async function askAddress(
  { url, unix, token }: FiguresAddress,
  isElsewhere: boolean,
): Promise<NodeStatistics> {
  const from = unix ?? url;
  try {
    const response = await fetch(url, {
      headers: {
        Accept: "application/json",
        ...(token !== null && { Authorization: `Bearer ${token}` }),
      },
      redirect: "error",
      signal: AbortSignal.timeout(ANSWER_MS),
      tls: { rejectUnauthorized: isElsewhere },
      ...(unix !== null && { unix }),
    });
    if (!response.ok) throw cannotGet(from, `it answers with ${response.status}`);
    return checked(await response.json().catch(() => null), from);
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    const isRefused = ["ConnectionRefused", "ECONNREFUSED"].includes(errorCodeOf(thrown) ?? "");
    throw cannotGet(from, isRefused ? "no program listens there" : sentenceOf(thrown));
  }
}

function checked(value: unknown, from: string): NodeStatistics {
  const statistics = value as NodeStatistics | null;
  if (statistics?.format === 1) return statistics;
  throw cannotGet(from, "it is no page of a node of this release");
}

function cannotGet(from: string, state: string): Failure {
  return new Failure(`Cannot get figures from "${from}": ${state}`, { source: "internal" });
}

/** Shows as many lines as there is room for, each as far as there is. */
function show(text: string): void {
  const { rows = 24, columns = 80 } = process.stdout;
  const lines = text.split("\n").slice(0, rows - 1);
  const fitting = lines.map((line) => line.slice(0, columns)).join("\n");
  writeCompletely("stdout", `${CLEAR_SCREEN}${fitting}`);
}

/**
 * The command line: its parts, and its exit codes.
 *
 * @module
 */

import { existsSync } from "node:fs";

import { Command, CommanderError, Option } from "commander";

import { sentenceOf } from "#base/failure.ts";
import { LOG_FORMATS, LOG_LEVELS } from "#observe/log-format.ts";
import { writeCompletely } from "#observe/write-output.ts";
import { addConfigurationCommands } from "./configuration-commands.ts";
import { ExitCode, exitCodeFor, type Finish } from "./exit-code.ts";
import { insteadOf } from "./foreign-commands.ts";
import { COLOR_CHOICES } from "./log-choice.ts";
import { addNodeCommands, startNode } from "./node-commands.ts";
import { versionLine } from "./release.ts";
import { readSeconds, type StartChoice } from "./start-choice.ts";

/** Runs the command line, without the names of program and script; returns the exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode: number = ExitCode.clean;
  const program = commandLine((code) => {
    exitCode = code;
  });
  const [first = "", ...others] = args;
  try {
    // Crossbar takes `standalone` before a command, where it is the default.
    const words = first === "standalone" ? others : args;
    // Before its options, which only the command that is meant has.
    await refuseNoCommand(words[0], program);
    await program.parseAsync(words, { from: "user" });
    return exitCode;
  } catch (thrown) {
    // commander has printed its message, or the help.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : ExitCode.usage;
    writeCompletely("stderr", `${sentenceOf(thrown)}\n`);
    return exitCodeFor(thrown);
  }
}

function commandLine(finish: Finish): Command {
  const program = new Command("crossproxy")
    .description("A WAMP proxy node in one executable")
    .version(versionLine(), "-V, --version", "print the release")
    .helpOption("-h, --help", "print this help")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => writeCompletely("stdout", text),
      writeErr: (text) => writeCompletely("stderr", text),
    })
    .exitOverride()
    .argument("[file]", "node configuration to start; else the one in the present folder")
    .addHelpText("after", EXIT_CODES_HELP)
    .allowExcessArguments(false);
  addStartOptions(program);
  program.action(async (file: string | undefined, choice: StartChoice) => {
    finish(await startFromFile(program, file, choice));
  });
  addNodeCommands(program, finish);
  addConfigurationCommands(program, finish);
  program
    .command("version")
    .description("print the release")
    .action(() => writeCompletely("stdout", `${versionLine()}\n`));
  // Commands take no words beyond their own. Of two words without one, the first is a command with a mistake, rather than
  // a file and one too many.
  return program.allowExcessArguments();
}

/** They may stand before and behind `start`. */
function addStartOptions(program: Command): void {
  program
    .addOption(
      new Option("--loglevel <level>", "how much is logged").choices(LOG_LEVELS).default("info"),
    )
    .addOption(
      new Option("--logformat <format>", "how log lines look")
        .choices(LOG_FORMATS)
        .default("standard"),
    )
    .addOption(
      new Option("--color <when>", "whether log lines are colored; auto: in a terminal")
        .choices(COLOR_CHOICES)
        .default("auto"),
    )
    .option("--logtofile", "log to node.log in the node's folder, not to the terminal")
    .option("--logdir <folder>", "folder of node.log, relative to the node's")
    .option("--shutdownafter <seconds>", "end the node after this time", readSeconds)
    .addOption(new Option("--debug-lifecycle", "has no effect").hideHelp())
    .addOption(new Option("--debug-programflow", "has no effect").hideHelp())
    .addOption(new Option("--vmprof", "has no effect").hideHelp());
}

const EXIT_CODES_HELP = `
Exit codes:
  0   clean end; check found no fault
  1   the node could not start or run; check found faults; nothing was written; reload changed nothing
  2   the command line was not understood
  69  no node is running that could be stopped; status is not the asserted one
  78  the configuration has faults`;

/** `crossproxy [file]` */
async function startFromFile(
  program: Command,
  file: string | undefined,
  choice: StartChoice,
): Promise<number> {
  await refuseNoCommand(file, program);
  if (program.args.length > 1) {
    program.error(`error: expected one file, found ${program.args.length} (see crossproxy --help)`);
  }
  const { chooseConfigFile, DEFAULT_FILES } = await import("./config-file.ts");
  if (file === undefined && chooseConfigFile({}) === null) {
    writeCompletely(
      "stderr",
      `Cannot find a configuration: none is named, and there is no ${DEFAULT_FILES} (see crossproxy --help)\n`,
    );
    return ExitCode.config;
  }
  return startNode({ ...choice, file });
}

/** Refuses a word that is no command and no file, and does not look like one. */
async function refuseNoCommand(word: string | undefined, program: Command): Promise<void> {
  const names = [...program.commands.map((command) => command.name()), "help"];
  if (word === undefined || /^-|[./\\]/.test(word)) return;
  if (names.includes(word) || existsSync(word)) return;
  const instead = insteadOf(word);
  if (instead !== undefined) {
    program.error(`error: "${word}" is a command of Crossbar alone: ${instead}`);
  }
  const { didYouMean } = await import("#config/schema/did-you-mean.ts");
  const hint = didYouMean(word, names) || " (see crossproxy --help)";
  program.error(`error: "${word}" is neither a command nor a file${hint}`);
}

/**
 * The command line: which command, run how, and what its end means as an exit code.
 *
 * @module
 */

import { existsSync } from "node:fs";

import { Command, CommanderError, Option } from "commander";

import { sentenceOf } from "#base/failure.ts";
import { LOG_FORMATS, LOG_LEVELS } from "#observe/log-format.ts";
import { writeOutput } from "#observe/write-output.ts";
import type { LogChoice } from "./command-start.ts";
import type { ConfigFileChoice } from "./config-file.ts";
import { ExitCode, exitCodeFor } from "./exit-code.ts";
import { versionLine } from "./release.ts";

/** Runs the command line, without the names of program and script; gives the exit code. */
export async function runCommandLine(words: readonly string[]): Promise<number> {
  let exitCode: number = ExitCode.clean;
  const program = commandLine((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(words, { from: "user" });
    return exitCode;
  } catch (thrown) {
    // commander has printed its sentence, or the help that was asked for.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : ExitCode.usage;
    writeOutput("stderr", `${sentenceOf(thrown)}\n`);
    return exitCodeFor(thrown);
  }
}

function commandLine(finish: (exitCode: number) => void): Command {
  const program = new Command("crossproxy")
    .description("A WAMP proxy node in one executable")
    .version(versionLine(), "-V, --version", "print the release")
    .helpOption("-h, --help", "print this help")
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => writeOutput("stdout", text),
      writeErr: (text) => writeOutput("stderr", text),
    })
    .exitOverride()
    .argument("[file]", "node configuration to start; else the one in the present folder")
    .addOption(
      new Option("--loglevel <level>", "how much is logged").choices(LOG_LEVELS).default("info"),
    )
    .addOption(
      new Option("--logformat <format>", "how log lines look")
        .choices(LOG_FORMATS)
        .default("standard"),
    );
  program.addHelpText(
    "after",
    `
Exit codes:
  0   clean end; check found no fault
  1   the node could not start or run; check found faults
  2   the command line was not understood
  78  the configuration has faults`,
  );
  program.action(async (file: string | undefined, log: LogChoice) => {
    finish(await startFromFile(program, file, log));
  });

  addConfigOptions(program.command("start").description("start a node")).action(
    async (file: string | undefined, choice: ConfigFileChoice) => {
      finish(await start({ ...choice, file }, program.opts<LogChoice>()));
    },
  );
  addConfigOptions(
    program
      .command("check")
      .description("say what is wrong with a configuration, and start nothing"),
  ).action(async (file: string | undefined, choice: ConfigFileChoice) => {
    const { checkCommand } = await import("./command-check.ts");
    // `check` answers yes or no; which kind of failure it is matters to who starts a node.
    const failed = (thrown: unknown) => {
      writeOutput("stderr", `${sentenceOf(thrown)}\n`);
      return ExitCode.failed;
    };
    finish(await checkCommand({ ...choice, file }).catch(failed));
  });
  addConfigOptions(
    program.command("keys").description("print the node's public key; make it if need be"),
  ).action(async (file: string | undefined, choice: ConfigFileChoice) => {
    const { keysCommand } = await import("./command-keys.ts");
    finish(await keysCommand({ ...choice, file }));
  });
  program
    .command("version")
    .description("print the release")
    .action(() => writeOutput("stdout", `${versionLine()}\n`));
  return program;
}

function addConfigOptions(command: Command): Command {
  return command
    .argument("[file]", "node configuration")
    .option("--config <file>", "node configuration, named as Crossbar names it")
    .option("--cbdir <folder>", "folder in which the configuration lies");
}

async function start(choice: ConfigFileChoice, log: LogChoice): Promise<number> {
  const { requireConfigFile } = await import("./config-file.ts");
  const { startCommand } = await import("./command-start.ts");
  return startCommand(requireConfigFile(choice), log);
}

/** `crossproxy [file]`: a word that is neither a file nor looks like one was to be a command. */
async function startFromFile(
  program: Command,
  file: string | undefined,
  log: LogChoice,
): Promise<number> {
  if (file !== undefined && !/[./\\]/.test(file) && !existsSync(file)) {
    program.error(`error: "${file}" is neither a command nor a file (see crossproxy --help)`);
  }
  const { chooseConfigFile, DEFAULT_FILES } = await import("./config-file.ts");
  if (file === undefined && chooseConfigFile({}) === null) {
    writeOutput(
      "stderr",
      `Cannot find a configuration: none is named, and there is no ${DEFAULT_FILES} (see crossproxy --help)\n`,
    );
    return ExitCode.config;
  }
  return start({ file }, log);
}

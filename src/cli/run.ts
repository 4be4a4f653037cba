/**
 * The command line: its commands and options, and their exit codes.
 *
 * @module
 */

import { existsSync } from "node:fs";

import { Command, CommanderError, Option } from "commander";

import { sentenceOf } from "#base/failure.ts";
import { LOG_FORMATS, LOG_LEVELS } from "#observe/log-format.ts";
import { writeCompletely } from "#observe/write-output.ts";
import type { ReloadChoice } from "./command-reload.ts";
import type { LogChoice } from "./command-start.ts";
import type { UpgradeChoice } from "./command-upgrade.ts";
import type { ConfigFileChoice } from "./config-file.ts";
import { ExitCode, exitCodeFor } from "./exit-code.ts";
import { versionLine } from "./release.ts";

/** Runs the command line, without the names of program and script; returns the exit code. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let exitCode: number = ExitCode.clean;
  const program = commandLine((code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return exitCode;
  } catch (thrown) {
    // commander has printed its message, or the help.
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : ExitCode.usage;
    writeCompletely("stderr", `${sentenceOf(thrown)}\n`);
    return exitCodeFor(thrown);
  }
}

/** Takes the exit code of a command that has ended. */
type Finish = (exitCode: number) => void;

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
    .addOption(
      new Option("--loglevel <level>", "how much is logged").choices(LOG_LEVELS).default("info"),
    )
    .addOption(
      new Option("--logformat <format>", "how log lines look")
        .choices(LOG_FORMATS)
        .default("standard"),
    )
    .addHelpText("after", EXIT_CODES_HELP)
    // Of two words the first is a command with a mistake, rather than a file and one too many.
    .allowExcessArguments();
  program.action(async (file: string | undefined, log: LogChoice) => {
    finish(await startFromFile(program, file, log));
  });
  addStart(program, finish);
  addCheck(program, finish);
  addKeys(program, finish);
  addUpgrade(program, finish);
  addReload(program, finish);
  program
    .command("schema")
    .description("print the JSON Schema of a configuration, for editors")
    .action(async () => {
      const { schemaCommand } = await import("./command-schema.ts");
      schemaCommand();
    });
  program
    .command("version")
    .description("print the release")
    .action(() => writeCompletely("stdout", `${versionLine()}\n`));
  return program;
}

const EXIT_CODES_HELP = `
Exit codes:
  0   clean end; check found no fault
  1   the node could not start or run; check found faults; upgrade wrote nothing; reload changed nothing
  2   the command line was not understood
  78  the configuration has faults`;

function addStart(program: Command, finish: Finish): void {
  const command = program.command("start").description("start a node");
  addConfigOptions(command).action(async (file: string | undefined, choice: ConfigFileChoice) => {
    finish(await start({ ...choice, file }, program.opts<LogChoice>()));
  });
}

function addCheck(program: Command, finish: Finish): void {
  const command = program
    .command("check")
    .description("say what is wrong with a configuration, and start nothing");
  addConfigOptions(command).action(async (file: string | undefined, choice: ConfigFileChoice) => {
    const { checkCommand } = await import("./command-check.ts");
    finish(await checkCommand({ ...choice, file }).catch(failPlainly));
  });
}

function addKeys(program: Command, finish: Finish): void {
  const command = program
    .command("keys")
    .description("print the node's public key; make it if need be");
  addConfigOptions(command).action(async (file: string | undefined, choice: ConfigFileChoice) => {
    const { keysCommand } = await import("./command-keys.ts");
    finish(await keysCommand({ ...choice, file }));
  });
}

function addUpgrade(program: Command, finish: Finish): void {
  const command = program
    .command("upgrade")
    .description("write a configuration of version 1 as version 2, into another file");
  addConfigOptions(command)
    .option("--output <file>", "file to write; else NAME.v2.json or NAME.v2.yaml beside it")
    .option("--force", "replace that file when it is there")
    .action(async (file: string | undefined, choice: UpgradeChoice) => {
      const { upgradeCommand } = await import("./command-upgrade.ts");
      finish(await upgradeCommand({ ...choice, file }).catch(failPlainly));
    });
}

function addReload(program: Command, finish: Finish): void {
  const command = program
    .command("reload")
    .description("have the running node take its configuration again");
  addConfigOptions(command)
    .option("--force", "also when nothing has changed: services are opened again")
    .action(async (file: string | undefined, choice: ReloadChoice) => {
      const { reloadCommand } = await import("./command-reload.ts");
      finish(await reloadCommand({ ...choice, file }).catch(failPlainly));
    });
}

/** `check`, `reload` and `upgrade` have one exit code for every failure; only `start` distinguishes their causes. */
function failPlainly(thrown: unknown): number {
  writeCompletely("stderr", `${sentenceOf(thrown)}\n`);
  return ExitCode.failed;
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

/** `crossproxy [file]`: an argument that is no file, and does not look like one, is a wrong command. */
async function startFromFile(
  program: Command,
  file: string | undefined,
  log: LogChoice,
): Promise<number> {
  if (file !== undefined && !/[./\\]/.test(file) && !existsSync(file)) {
    const { didYouMean } = await import("#config/schema/did-you-mean.ts");
    const hint =
      didYouMean(file, [...program.commands.map((command) => command.name()), "help"]) ||
      " (see crossproxy --help)";
    program.error(`error: "${file}" is neither a command nor a file${hint}`);
  }
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
  return start({ file }, log);
}

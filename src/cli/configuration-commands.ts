/**
 * The commands that write, check and change configurations and keys. Each loads only its own code.
 *
 * @module
 */

import type { Command } from "commander";
import { sentenceOf } from "#base/failure.ts";
import { writeCompletely } from "#observe/write-output.ts";
import type { CheckChoice } from "./command-check.ts";
import type { ConvertChoice } from "./command-convert.ts";
import type { KeysChoice } from "./command-keys.ts";
import type { UpgradeChoice } from "./command-upgrade.ts";
import { addConfigOptions } from "./config-options.ts";
import { ExitCode, type Finish } from "./exit-code.ts";

/** Adds them to the program. */
export function addConfigurationCommands(program: Command, finish: Finish): void {
  addInit(program, finish);
  addCheck(program, finish);
  addConvert(program, finish);
  addUpgrade(program, finish);
  addKeys(program, finish);
  program
    .command("keygen")
    .description("print a new pair of keys for the encryption of payloads")
    .action(async () => {
      const { keygenCommand } = await import("./command-keygen.ts");
      keygenCommand();
    });
  program
    .command("schema")
    .description("print the JSON Schema of a configuration, for editors")
    .action(async () => {
      const { schemaCommand } = await import("./command-schema.ts");
      schemaCommand();
    });
}

function addInit(program: Command, finish: Finish): void {
  program
    .command("init")
    .description("write a node that works, with a page and a client, into a folder")
    .option("--appdir <folder>", "folder, made if need be; else the present one")
    .action(async ({ appdir = "." }: { appdir?: string }) => {
      const { initCommand } = await import("./command-init.ts");
      finish(initCommand(appdir));
    });
}

function addCheck(program: Command, finish: Finish): void {
  const command = program
    .command("check")
    .description("say what is wrong with a configuration, and start nothing");
  addConfigOptions(command)
    .option("--verbose", "also print its workers, realms, routes, transports and paths")
    .option("--connect", "also try the servers that connect realms of several routers")
    .action(async (file: string | undefined, choice: CheckChoice) => {
      const { checkCommand } = await import("./command-check.ts");
      finish(await checkCommand({ ...choice, file }).catch(failPlainly));
    });
}

function addConvert(program: Command, finish: Finish): void {
  const command = program
    .command("convert")
    .description("write a configuration in JSON as YAML, or the reverse, into another file");
  addConfigOptions(command)
    .option("--output <file>", "file to write; else NAME.yaml or NAME.json beside it")
    .option("--force", "replace that file when it is there")
    .action(async (file: string | undefined, choice: ConvertChoice) => {
      const { convertCommand } = await import("./command-convert.ts");
      finish(await convertCommand({ ...choice, file }).catch(failPlainly));
    });
}

function addUpgrade(program: Command, finish: Finish): void {
  const command = program
    .command("upgrade")
    .description(
      "replace the program of the running node by this one; else write version 1 as version 2",
    );
  addConfigOptions(command)
    .option("--output <file>", "file to write; else NAME.v2.json or NAME.v2.yaml beside it")
    .option(
      "--force",
      "of a node: also where it has routers; of a file: replace the one that is there",
    )
    .action(async (file: string | undefined, choice: UpgradeChoice) => {
      const { upgradeCommand } = await import("./command-upgrade.ts");
      finish(await upgradeCommand({ ...choice, file }).catch(failPlainly));
    });
}

function addKeys(program: Command, finish: Finish): void {
  const command = program
    .command("keys")
    .description("print the node's public key; make it if need be");
  addConfigOptions(command)
    .option("--private", "print the private key, a secret")
    .action(async (file: string | undefined, choice: KeysChoice) => {
      const { keysCommand } = await import("./command-keys.ts");
      finish(await keysCommand({ ...choice, file }));
    });
}

/** These commands have one exit code for every failure; only `start` distinguishes their causes. */
function failPlainly(thrown: unknown): number {
  writeCompletely("stderr", `${sentenceOf(thrown)}\n`);
  return ExitCode.failed;
}

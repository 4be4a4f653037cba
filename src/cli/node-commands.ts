/**
 * The commands that start, stop and show a node. Each loads only its own code.
 *
 * @module
 */

import { Argument, type Command, Option } from "commander";
import type { BackendChoice } from "./command-backend.ts";
import type { Shell } from "./command-completions.ts";
import type { ReloadChoice } from "./command-reload.ts";
import type { StatusChoice } from "./command-status.ts";
import type { StopChoice } from "./command-stop.ts";
import type { TopChoice } from "./command-top.ts";
import type { ConfigFileChoice } from "./config-file.ts";
import { addConfigOptions } from "./config-options.ts";
import type { Finish } from "./exit-code.ts";
import { readSeconds, type StartChoice } from "./start-choice.ts";

/** Adds them to the program. */
export function addNodeCommands(program: Command, finish: Finish): void {
  addStart(program, finish);
  addReload(program, finish);
  addBackend(program, finish);
  addStop(program, finish);
  addStatus(program, finish);
  addTop(program, finish);
  addCompletions(program);
}

/** Runs a node, and returns the exit code when it has ended. */
export async function startNode(choice: StartChoice): Promise<number> {
  const { requireConfigFile } = await import("./config-file.ts");
  const { startCommand } = await import("./command-start.ts");
  return startCommand(requireConfigFile(choice), choice);
}

function addStart(program: Command, finish: Finish): void {
  const command = program.command("start").description("start a node");
  addConfigOptions(command).action(async (file: string | undefined, choice: ConfigFileChoice) => {
    finish(await startNode({ ...program.opts<StartChoice>(), ...choice, file }));
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
      finish(await reloadCommand({ ...choice, file }));
    });
}

function addBackend(program: Command, finish: Finish): void {
  const command = program
    .command("backend")
    .description(
      "mark a router of the running node down, so that it gets no new sessions, or up again",
    )
    .addArgument(new Argument("<state>", "the new state").choices(["down", "up"]))
    .argument("<connection>", "its name in node.json");
  addConfigOptions(command)
    .option("--address <address>", "one of several addresses of its host; else all of them")
    .action(
      async (
        state: "down" | "up",
        connection: string,
        file: string | undefined,
        choice: BackendChoice,
      ) => {
        const { backendCommand } = await import("./command-backend.ts");
        finish(await backendCommand(connection, state, { ...choice, file }));
      },
    );
}

function addStop(program: Command, finish: Finish): void {
  const command = program.command("stop").description("end the node that runs in a folder");
  addConfigOptions(command)
    .option("--timeout <seconds>", "time that the node has to end by itself; else 30", readSeconds)
    .action(async (file: string | undefined, choice: StopChoice) => {
      const { stopCommand } = await import("./command-stop.ts");
      finish(await stopCommand({ ...choice, file }));
    });
}

function addStatus(program: Command, finish: Finish): void {
  const command = program.command("status").description("say whether a node runs in a folder");
  addConfigOptions(command)
    .addOption(
      new Option("--assert <state>", "exit code 69 if that is not its state").choices([
        "running",
        "stopped",
      ]),
    )
    .action(async (file: string | undefined, choice: StatusChoice) => {
      const { statusCommand } = await import("./command-status.ts");
      finish(await statusCommand({ ...choice, file }));
    });
}

function addTop(program: Command, finish: Finish): void {
  const command = program.command("top").description("show the figures of a running node");
  addConfigOptions(command)
    .option("--url <url>", "page of a node elsewhere, of type nodeinfo")
    .action(async (file: string | undefined, choice: TopChoice) => {
      const { topCommand } = await import("./command-top.ts");
      finish(await topCommand({ ...choice, file }));
    });
}

function addCompletions(program: Command): void {
  program
    .command("completions")
    .description("print a script with which a shell completes commands and options")
    .addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]))
    .action(async (shell: Shell) => {
      const { completionsCommand } = await import("./command-completions.ts");
      completionsCommand(shell, program);
    });
}

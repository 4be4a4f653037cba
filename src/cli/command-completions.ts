/**
 * `crossproxy completions`: prints a script that lets a shell complete the commands and options.
 *
 * The scripts are made of the command line's own table. What is no command and no option is the name of a file.
 *
 * @module
 */

import type { Command, Option } from "commander";
import { writeCompletely } from "#observe/write-output.ts";

/** The shells that there are scripts for. */
export type Shell = "bash" | "zsh" | "fish";

/** Prints the script for a shell. */
export function completionsCommand(shell: Shell, program: Command): void {
  // zsh runs scripts of bash.
  const zsh = `autoload -U +X bashcompinit && bashcompinit\n${bashScript(program)}`;
  const scripts = {
    bash: () => bashScript(program),
    zsh: () => zsh,
    fish: () => fishScript(program),
  };
  writeCompletely("stdout", scripts[shell]());
}

function bashScript(program: Command): string {
  const name = program.name();
  const commands = commandsOf(program);
  const names = commands.map((command) => command.name());
  const choices = [program, ...commands].flatMap(optionsWithChoices);
  return `_${name}() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} command= words= options= one
  for one in "\${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do
    case $one in ${names.join("|")}) command=$one; break ;; esac
  done
  case $before in
${choices.map(({ long, values }) => `    ${long}) words="${values.join(" ")}" ;;`).join("\n")}
  esac
  if [ -z "$words" ]; then
    case $command in
${commands.map((command) => `      ${command.name()}) ${bashWords(command)} ;;`).join("\n")}
      *) words="${names.join(" ")}" ;;
    esac
    case $word in -*) words="$options ${longOptions(program).join(" ")}" ;; esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _${name} ${name}
`;
}

/** The choices of the argument, where it has any, and the options. */
function bashWords(command: Command): string {
  return `words="${argumentChoices(command).join(" ")}" options="${longOptions(command).join(" ")}"`;
}

function fishScript(program: Command): string {
  const name = program.name();
  const lines = commandsOf(program).flatMap((command) => {
    const seen = `-n '__fish_seen_subcommand_from ${command.name()}'`;
    return [
      `-n __fish_use_subcommand -a ${command.name()} -d ${fishText(command.description())}`,
      ...argumentChoices(command).map((choice) => `${seen} -f -a ${choice}`),
      ...visibleOptions(command).map((option) => `${seen} ${fishOption(option)}`),
    ];
  });
  const options = visibleOptions(program).map(fishOption);
  return [...options, ...lines].map((line) => `complete -c ${name} ${line}\n`).join("");
}

function fishOption({ long, description, required, argChoices }: Option): string {
  const values = argChoices === undefined ? "" : ` -x -a ${fishText(argChoices.join(" "))}`;
  const takesFile = required && argChoices === undefined ? " -r" : "";
  return `-l ${long?.slice(2)} -d ${fishText(description)}${values}${takesFile}`;
}

function fishText(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}

function commandsOf(program: Command): readonly Command[] {
  return program.createHelp().visibleCommands(program);
}

function visibleOptions(command: Command): Option[] {
  return command.createHelp().visibleOptions(command);
}

function longOptions(command: Command): string[] {
  return visibleOptions(command).flatMap(({ long }) => long ?? []);
}

function optionsWithChoices(command: Command): { long: string; values: string[] }[] {
  return visibleOptions(command).flatMap(({ long, argChoices }) =>
    long && argChoices ? [{ long, values: argChoices }] : [],
  );
}

function argumentChoices(command: Command): string[] {
  return command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
}

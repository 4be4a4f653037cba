/**
 * What a text of YAML has that JSON has not: comments, and aliases, in whose places their values are written.
 *
 * @module
 */

import { Lexer } from "yaml";

/** The lines, counted from 1, in which there are any. */
export interface YamlLosses {
  comments: number[];
  aliases: number[];
}

/** The lexer puts these before the texts of scalars and documents, and where the input has ended. */
const SCALAR = "\x1f";
const NOT_IN_TEXT = ["\x02", "\x18", SCALAR];

/** Looks for them in a text that is known to be YAML. */
export function yamlLosses(text: string): YamlLosses {
  const losses: YamlLosses = { comments: [], aliases: [] };
  let line = 1;
  let before = "";
  for (const token of new Lexer().lex(text)) {
    const kept = keptIn(losses, token, before);
    if (kept !== undefined && kept.at(-1) !== line) kept.push(line);
    if (!NOT_IN_TEXT.includes(token)) line += token.split("\n").length - 1;
    before = token;
  }
  return losses;
}

function keptIn(losses: YamlLosses, token: string, before: string): number[] | undefined {
  if (before === SCALAR) return undefined;
  if (token.startsWith("#")) return losses.comments;
  return token.startsWith("*") ? losses.aliases : undefined;
}

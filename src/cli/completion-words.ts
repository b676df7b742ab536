/** The words that may follow each command, from the table of commands and what each defines. */
import { Command } from "commander";
import { commands } from "./commands.ts";
import type { NameKind } from "./completed-names.ts";

/** A command, or one of a command's own. */
export interface CompletedCommand {
  /** The words that name it: empty for `mayfly` itself. */
  path: readonly string[];
  /** What may follow: commands and options, with what they do. */
  words: readonly { word: string; what: string }[];
  /** Options that are followed by a value of their own. */
  valued: readonly string[];
  /** Options whose value, and the command's own arguments, are one of these words. */
  values: readonly { option: string; words: readonly string[] }[];
  /** What its arguments are: names that the server knows, or null for anything else. */
  args: readonly (NameKind | null)[];
}

/** By what the arguments are called in --help. */
const kindsByArgument = new Map<string, NameKind>([
  ["app", "app"],
  ["app/function", "target"],
  ["app[/function]", "app-or-target"],
  ["function", "function"],
  ["queue", "queue"],
  ["bucket", "bucket"],
]);

const HELP = { word: "--help", what: "show what is allowed" };

export async function completedCommands(): Promise<CompletedCommand[]> {
  const top = commands.map(({ name, summary }) => ({ word: name, what: summary }));
  const all = [
    { path: [], words: [...top, HELP, { word: "--version", what: "show the version" }], valued: [], values: [], args: [] },
  ] as CompletedCommand[];
  for (const entry of commands) {
    const { name, summary } = entry;
    const command = new Command(name).description(summary);
    await (await entry.load()).define(command);
    add(all, command, [name]);
  }
  return all;
}

function add(all: CompletedCommand[], command: Command, path: readonly string[]): void {
  const own = command.commands.map((each) => ({ word: each.name(), what: each.summary() || each.description() }));
  const options = command.options.filter(({ hidden }) => !hidden);
  const flags = options.flatMap(({ long, short, description }) =>
    [long, short].flatMap((word) => (word === undefined ? [] : [{ word, what: description }])),
  );
  const choices = options.flatMap(({ long, argChoices }) =>
    long === undefined || long === null || argChoices === undefined ? [] : [{ option: long, words: argChoices }],
  );
  const valued = options
    .filter(({ required, optional }) => required || optional)
    .flatMap(({ long, short }) => [long, short].filter((word) => word !== undefined));
  const args = command.registeredArguments.map((each) => kindsByArgument.get(each.name()) ?? null);
  all.push({ path, words: [...own, ...flags, HELP], valued, values: choices, args });
  for (const each of command.commands) add(all, each, [...path, each.name()]);
}

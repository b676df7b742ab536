import { Argument, type Command, Option } from "commander";
import { asJson } from "../as-json.ts";
import { nameKinds, namesOf, type NameKind } from "../completed-names.ts";
import { completedCommands } from "../completion-words.ts";
import { completionScript, type Shell, shells } from "../completion-scripts.ts";
import { type ConnectionOptions, connect } from "../connection.ts";

/** Whoever presses the tab key waits for no server longer than this. Milliseconds. */
const MOST_WAIT_MS = 1_500;

interface CompletionOptions extends ConnectionOptions {
  json?: true;
  names?: NameKind;
  of?: string;
}

export function define(command: Command): void {
  command
    .addArgument(new Argument("[shell]", "whose script is printed").choices(shells))
    .option("--json", "print what can follow each command, as JSON, in place of a script")
    .addOption(new Option("--names <kind>", "print names that the server knows, one a line, as the scripts do").choices(nameKinds))
    .option("--of <app>", "with --names function: those of this app")
    .addHelpText(
      "after",
      '\nExamples:\n  mayfly completion bash >> ~/.bashrc\n  mayfly completion zsh > "${fpath[1]}/_mayfly"\n  mayfly completion fish > ~/.config/fish/completions/mayfly.fish',
    )
    .action(completion);
}

async function completion(shell: Shell | undefined, { json, names: kind, of }: CompletionOptions, command: Command): Promise<void> {
  if (kind !== undefined) return printNames(kind, of, json);
  if (shell === undefined)
    return command.error(`error: name a shell: ${shells.join(", ")}`, { exitCode: 2, code: "commander.missingArgument" });
  const commands = await completedCommands();
  process.stdout.write(json ? `${asJson("completion", { commands })}\n` : completionScript(shell, commands));
}

/** A server that is slow or gone has no names: the shell has nobody to tell. */
async function printNames(kind: NameKind, app: string | undefined, json: true | undefined): Promise<void> {
  const waiting = setTimeout(() => process.exit(0), MOST_WAIT_MS);
  const names = await connect({}, { waitMs: 0 })
    .then(({ client }) => namesOf(client, kind, app))
    .catch((): string[] => []);
  clearTimeout(waiting);
  process.stdout.write(json ? `${asJson("completion", { names })}\n` : names.map((name) => `${name}\n`).join(""));
}

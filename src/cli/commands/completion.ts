import { Argument, type Command } from "commander";
import { completedCommands } from "../completion-words.ts";
import { completionScript, type Shell, shells } from "../completion-scripts.ts";
import { asJson } from "../as-json.ts";

export function define(command: Command): void {
  command
    .addArgument(new Argument("<shell>", "whose script is printed").choices(shells))
    .option("--json", "print what can follow each command, as JSON, in place of a script")
    .addHelpText(
      "after",
      '\nExamples:\n  mayfly completion bash >> ~/.bashrc\n  mayfly completion zsh > "${fpath[1]}/_mayfly"\n  mayfly completion fish > ~/.config/fish/completions/mayfly.fish',
    )
    .action(completion);
}

async function completion(shell: Shell, { json }: { json?: true }): Promise<void> {
  const commands = await completedCommands();
  process.stdout.write(json ? `${asJson("completion", { commands })}\n` : completionScript(shell, commands));
}

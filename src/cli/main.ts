/** `mayfly`: finds the command, loads only its file, runs it, and turns a thrown error into a message and an exit code. */
import { Command, CommanderError } from "commander";
import { refuseEmptyVariables } from "../base/config/empty-variables.ts";
import { type CommandEntry, commands } from "./commands.ts";
import { exitCodesHelp } from "./exit-codes.ts";
import { reportError } from "./report-error.ts";

process.stdout.on("error", leaveQuietlyWhenTheReaderLeft);

const program = new Command("mayfly")
  .description("Functions of each application in virtual machines of their own, started in a fraction of a second.")
  .version("0.1.0")
  .exitOverride()
  .hook("preAction", () => refuseEmptyVariables(process.env))
  .showHelpAfterError("(--help shows what is allowed)")
  .addHelpText("after", `\nExample:\n  mayfly demo\n\n${exitCodesHelp}`);

try {
  const chosen = process.argv.slice(2).find((word) => !word.startsWith("-"));
  for (const entry of commands) await add(entry, chosen === entry.name || (chosen === "help" && process.argv.includes(entry.name)));
  await program.parseAsync();
} catch (error) {
  process.exitCode = error instanceof CommanderError ? usageExitCode(error) : reportError(error, process.argv.includes("--json"));
}

/** Other commands remain a name and a summary: loading them would add their imports to every start. */
async function add(entry: CommandEntry, isChosen: boolean): Promise<void> {
  const command = program.command(entry.name).summary(entry.summary).description(entry.summary);
  if (isChosen) await (await entry.load()).define(command);
}

function usageExitCode(error: CommanderError): number {
  return error.exitCode === 0 ? 0 : 2;
}

/** `mayfly logs | head` must end without an error. */
function leaveQuietlyWhenTheReaderLeft(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
}
